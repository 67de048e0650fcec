"""The kinds of studies: what each one needs, and how its pure function is called.

A function's module is imported when a study of its kind is computed, never before: the API knows the kinds
and loads none of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from estimator.data.table import Table
from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork
from estimator.options import Options
from estimator.progress import Progress

if TYPE_CHECKING:
    from estimator import diff

KindName = Literal["ablation", "comparison", "diff", "audit"]
Document = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """An analysis that is studied. model, table, analysis (its options): None where they are not at hand."""

    network: FlowNetwork
    model: bytes | None = None
    table: Table | None = None
    analysis: Options | None = None

    def files(self) -> tuple[bytes, Table, Options]:
        """Model, table and options. InvalidParameter where one is missing."""
        if self.model is None or self.table is None or self.analysis is None:
            detail = "this needs the model and the data of the analysis; give MODEL and DATA, too"
            raise InvalidParameter(detail, errors=[Place(detail, field="model")])
        return self.model, self.table, self.analysis


Compute = Callable[[Sequence[Side], Mapping[str, Any], Progress], Document]


@dataclass(frozen=True)
class Kind:
    """most_sides: 2 where a second analysis can be named, and least_sides 2 where it must be.

    reads_files_of: model and data are loaded, and not the networks alone, of at least so many sides.
    """

    name: KindName
    compute: Compute
    reads_files_of: int
    least_sides: int = 1
    most_sides: int = 1


def _ablation(sides: Sequence[Side], options: Mapping[str, Any], progress: Progress) -> Document:
    from estimator.ablation import AblationOptions, ablate

    model, table, analysis = sides[0].files()
    chosen = AblationOptions.from_dict(options)
    return ablate(model, table, sides[0].network, analysis, chosen, progress).document()


def _comparison(sides: Sequence[Side], options: Mapping[str, Any], progress: Progress) -> Document:
    from estimator.comparison import ComparisonOptions, compare

    model, table, analysis = sides[0].files()
    chosen = ComparisonOptions.from_dict(options)
    return compare(model, table, sides[0].network, analysis, chosen, progress).document()


def _diff(sides: Sequence[Side], options: Mapping[str, Any], progress: Progress) -> Document:
    from estimator.diff import DiffOptions, diff
    from estimator.diff.document import document_of

    base, head = (_diffable(side) for side in sides)
    return document_of(diff(base, head, DiffOptions.from_dict(options), progress))


def _audit(sides: Sequence[Side], options: Mapping[str, Any], progress: Progress) -> Document:
    from service.policies import Policy, judge
    from service.policies.baseline import compared

    policy, network = Policy.from_dict(options["policy"]), _diffable(sides[0])
    change = compared(_diffable(sides[1]), network, progress) if len(sides) > 1 else None
    progress("judging", 0, 1)
    audit = judge(policy, network.network, change)
    progress("judging", 1, 1)
    return audit.document()


def _diffable(side: Side) -> "diff.Side":
    from estimator import diff

    return diff.Side(side.network, side.model, side.table, side.analysis)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("ablation", _ablation, reads_files_of=1),
        Kind("comparison", _comparison, reads_files_of=1),
        Kind("diff", _diff, reads_files_of=2, least_sides=2, most_sides=2),
        Kind("audit", _audit, reads_files_of=2, most_sides=2),
    )
}
