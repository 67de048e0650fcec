"""The contract of a store of flow networks and studies. `tests/stores/contract.py` is its executable form.

A network is visible whole or not at all: between the start of `write` and its end readers see no such
analysis. Every query takes the `beta` it is read with; None is the analysis's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from estimator.errors import NotFound, Unavailable
from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from estimator.options import refuse

NEURON_SORTS = (
    "id", "name", "mean", "sd", "zeros", "redundancy", "betweenness", "betweenness_weighted", "community",
    "silent", "out_flow", "in_flow",
)  # fmt: skip
EDGE_SORTS = ("id", "mi", "nif", "se", "ci_low", "ci_high", "p_value", "q_value")


class AnalysisNotStored(NotFound, LookupError):
    """No whole network of this id is stored."""


class StudyNotStored(NotFound, LookupError):
    """No study of this id is stored."""


class StoreUnavailable(Unavailable, RuntimeError):
    """The store cannot be reached, is full, or has a schema that this code does not know."""


class StoreFailed(StoreUnavailable):
    """The store answers, and could not do it: out of memory, or of room. Waiting alone does not mend that."""


def checked_beta(beta: float) -> float:
    """The beta of a query, -0.0 as 0.0. Raises InvalidParameter outside the range of `Options.beta`."""
    if not 0 <= beta <= 1e6:
        raise refuse("beta", beta, "between 0 and 1e6")
    return beta + 0.0


@dataclass(frozen=True)
class NeuronRow:
    """One neuron. community, silent: None where there is none; a number: None where it is not defined.

    out_flow, in_flow: sums of nif, at most the largest double.
    """

    id: str
    layer: int
    layer_name: str
    index: int
    name: str
    mean: float | None
    sd: float | None
    zeros: float | None
    redundancy: float
    betweenness: float
    betweenness_weighted: float
    community: int | None
    silent: str | None
    out_flow: float
    in_flow: float


@dataclass(frozen=True)
class EdgeRow:
    """One measured pair; `nif` is 0 where it is no flow edge. A number that is not defined is None."""

    source: str
    source_name: str
    consumer: str
    consumer_name: str
    mi: float
    nif: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    q_value: float | None
    saturated: bool
    lower_bound: bool
    method: str


@dataclass(frozen=True)
class PathRow:
    """A decision path: the neurons from source to target, nif of each hop, and their product."""

    neurons: tuple[str, ...]
    names: tuple[str, ...]
    nif: tuple[float, ...]
    product: float


@dataclass(frozen=True)
class AttributionRow:
    """A(i, j) of DESIGN 1.4, in nats to the power of the path length, summed over all paths."""

    input: str
    input_name: str
    output: str
    output_name: str
    attribution: float


@dataclass(frozen=True)
class Community:
    """Neurons that are tied by flow; `nif_within` sums the flow between members."""

    id: int
    neurons: tuple[str, ...]
    nif_within: float


@dataclass(frozen=True)
class Communities:
    """modularity is None where there is no flow edge."""

    communities: tuple[Community, ...]
    modularity: float | None


@dataclass(frozen=True)
class GivenTargetRow:
    """What is left of a probe's information about one neuron when the target is known."""

    mi: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    q_value: float | None
    saturated: bool
    lower_bound: bool


def given_target(values: Sequence[Any]) -> GivenTargetRow | None:
    """The row of these eight values, None where it was not measured."""
    if values[0] is None:
        return None
    return GivenTargetRow(*(*values[:6], bool(values[6]), bool(values[7])))


@dataclass(frozen=True)
class ProbeRow:
    """A probe's information about one neuron; given_target: None where it was not measured."""

    probe: str
    neuron: str
    neuron_name: str
    layer: int
    mi: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    q_value: float | None
    saturated: bool
    lower_bound: bool
    given_target: GivenTargetRow | None = None


@dataclass(frozen=True)
class StudyRow:
    """A study without its document. verdict: of an audit, else None.

    analyses: what it is of; the second is a diff's head or an audit's baseline.
    """

    id: str
    kind: str
    verdict: str | None
    analyses: tuple[str, ...]


@dataclass(frozen=True)
class NeuronFilter:
    layer: int | None = None
    silent: Literal["constant", "uninformative", "any", "none"] | None = None
    community: int | None = None


@dataclass(frozen=True)
class EdgeFilter:
    """flow: only flow edges (True), only the others (False), or all (None). layer: the source layer."""

    layer: int | None = None
    source: str | None = None
    consumer: str | None = None
    min_nif: float | None = None
    min_mi: float | None = None
    max_q: float | None = None
    saturated: bool | None = None
    flow: bool | None = True


@dataclass(frozen=True)
class Slice:
    """A page of a listing: sorted by `sort` (`-` in front for descending), then by id, ties in one order.

    sort: one of NEURON_SORTS or EDGE_SORTS. Ids are in order of (layer, index), for edges of source and then
    consumer; text is in order of code points; what is None comes last, whichever way the rest is sorted.
    after: the sort keys of the last row that the reader has, as returned in `Page.last`: the value sorted by,
    then the id, or source and consumer; for the sort `id` without a value. limit: None is all.
    """

    sort: str = "id"
    after: tuple[Any, ...] | None = None
    limit: int | None = 100


@dataclass(frozen=True)
class Page:
    """rows: of one of the row classes. last: what to give as `after` for the next page, None at the end.

    total: how many rows the filter lets through, on all pages together.
    """

    rows: tuple[Any, ...]
    last: tuple[Any, ...] | None
    total: int = field(default=0)


class GraphStore(Protocol):
    """Keeps flow networks and what was computed on them, and answers questions about them.

    Every call may raise StoreUnavailable; every one about an analysis (but write, delete and exists)
    AnalysisNotStored; and InvalidParameter, naming the field, for a value that makes no sense: an unknown
    neuron or sort, a beta below 0.
    """

    def migrate(self, *, dry_run: bool = False) -> list[str]:
        """Bring the schema up to date; returns the names of the migrations applied (or to apply)."""
        ...

    def ping(self) -> None:
        """Raise StoreUnavailable, with the reason in words for an operator, unless all is well."""
        ...

    def write(self, analysis_id: str, network: FlowNetwork) -> None:
        """Store the network whole, with betweenness and communities. Writing an id again changes nothing."""
        ...

    def delete(self, analysis_id: str) -> None:
        """Remove all of an analysis, its studies included; no error if there is none."""
        ...

    def exists(self, analysis_id: str) -> bool: ...

    def ids(self) -> list[str]:
        """The ids of all whole networks, sorted."""
        ...

    def network(self, analysis_id: str, beta: float | None = None) -> FlowNetwork:
        """The network back, equal to what was written to the last bit."""
        ...

    def facts(self, analysis_id: str, beta: float | None = None) -> GraphFacts:
        """Betweenness, communities and modularity, as stored, or computed for another beta."""
        ...

    def neurons(
        self, analysis_id: str, where: NeuronFilter, page: Slice, beta: float | None = None
    ) -> Page: ...

    def edges(self, analysis_id: str, where: EdgeFilter, page: Slice, beta: float | None = None) -> Page: ...

    def communities(self, analysis_id: str, beta: float | None = None) -> Communities: ...

    def paths(
        self, analysis_id: str, source: str, target: str, k: int, beta: float | None = None
    ) -> list[PathRow]:
        """The k paths of largest product, ties by the neurons' (layer, index) in order; [] if none."""
        ...

    def attributions(
        self,
        analysis_id: str,
        source: str | None = None,
        target: str | None = None,
        beta: float | None = None,
    ) -> list[AttributionRow]:
        """All inputs x outputs, or those of one input or one output."""
        ...

    def probes(self, analysis_id: str, probe: str | None = None) -> list[ProbeRow]: ...

    def write_study(
        self, study_id: str, kind: str, analysis_ids: Sequence[str], document: Mapping[str, Any]
    ) -> None:
        """Store a study of one or two stored analyses whole. Writing an id again changes nothing.

        document: plain JSON values, else InvalidParameter. AnalysisNotStored unless all analyses are there.
        """
        ...

    def study(self, study_id: str) -> dict[str, Any]:
        """The document, equal to what was written. Raises StudyNotStored."""
        ...

    def studies(self, analysis_id: str) -> list[StudyRow]:
        """All studies of an analysis, by id."""
        ...

    def study_ids(self) -> list[str]:
        """The ids of all studies, sorted."""
        ...

    def verdicts(self, study_ids: Sequence[str]) -> dict[str, str | None]:
        """The verdicts of those studies that are there; None of one that is no audit."""
        ...

    def delete_study(self, study_id: str) -> None:
        """Remove a study; no error if there is none."""
        ...

    def close(self) -> None: ...
