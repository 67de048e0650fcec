"""What a user may choose about an analysis; checked once, here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from estimator.errors import InvalidParameter, Place

Estimator = Literal["convex", "mine", "ksg"]
Redundancy = Literal["mean", "sum"]
ColumnsBy = Literal["name", "position"]
Device = Literal["auto", "cpu", "cuda"]

ESTIMATORS: tuple[Estimator, ...] = ("convex", "mine", "ksg")
MINIMUM_ROWS = 30
LARGEST_SEED = 2**53 - 1
LARGEST_SAMPLE = 20_000
MOST_SHOWN = 5


def refuse(field_path: str, seen: object, rule: str) -> InvalidParameter:
    """The error for one option: names it, shows the value, says the rule."""
    detail = f"{field_path} is {seen!r}; it must be {rule}"
    return InvalidParameter(detail, errors=[Place(detail, field=field_path)])


@dataclass(frozen=True)
class Options:
    """Options of an analysis. Information is in nats.

    estimator: how mutual information is estimated (docs/estimators.md says when to choose which).
    beta: weight of the redundancy in nif = max(0, mi - beta * R); 0 is plain MI.
    redundancy: R_i is the `mean` or the `sum` of I(x_i; x_j) over the other neurons of the layer.
    alpha: an edge whose q-value exceeds alpha is not a flow edge.
    seed: of everything random: permutations, critics, communities.
    permutations: draws of the permutation null behind each p-value.
    target: the data column with the labels; never a model input. It is a probe, too.
    probes: further columns that are not model inputs.
    columns_by: match data columns to the model's features by `name` or, on request, by `position`.
    inputs: names of the columns of each input tensor, in order, e.g. {"image": ["p0", "p1"], "age": ["age"]}.
    cross_check: a second estimator run on `cross_check_share` of the edges.
    parameters: parameters of the chosen estimator by name, e.g. {"steps": 500} for `mine`.
    layers: names of the hidden layers to measure, all if empty; inputs and outputs always are.
    sample_neurons: of a layer with more neurons, measure that many, drawn with the seed.
    """

    estimator: Estimator = "convex"
    beta: float = 0.5
    redundancy: Redundancy = "mean"
    alpha: float = 0.05
    seed: int = 0
    permutations: int = 200
    target: str | None = None
    probes: tuple[str, ...] = ()
    columns_by: ColumnsBy = "name"
    cross_check: Estimator | None = None
    cross_check_share: float = 0.1
    device: Device = "auto"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    sample_neurons: int | None = None
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.estimator not in ESTIMATORS:
            raise refuse("estimator", self.estimator, "one of " + ", ".join(ESTIMATORS))
        if not (math.isfinite(self.beta) and 0 <= self.beta <= 1e6):
            raise refuse("beta", self.beta, "between 0 and 1e6")
        if self.redundancy not in ("mean", "sum"):
            raise refuse("redundancy", self.redundancy, "mean or sum")
        if not (math.isfinite(self.alpha) and 1e-6 <= self.alpha < 1):
            raise refuse("alpha", self.alpha, "at least 1e-6 and below 1")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise refuse("seed", self.seed, f"between 0 and {LARGEST_SEED}")
        if not 20 <= self.permutations <= 100_000:
            raise refuse("permutations", self.permutations, "between 20 and 100000")
        if self.columns_by not in ("name", "position"):
            raise refuse("columns_by", self.columns_by, "name or position")
        if self.device not in ("auto", "cpu", "cuda"):
            raise refuse("device", self.device, "auto, cpu or cuda")
        if self.cross_check is not None and self.cross_check not in ESTIMATORS:
            raise refuse("cross_check", self.cross_check, "one of " + ", ".join(ESTIMATORS))
        if self.cross_check == self.estimator:
            detail = f"cross_check and estimator are both {self.estimator}; choose two different ones"
            places = [Place(detail, field="cross_check"), Place(detail, field="estimator")]
            raise InvalidParameter(detail, errors=places)
        if not 0 < self.cross_check_share <= 1:
            raise refuse("cross_check_share", self.cross_check_share, "above 0 and at most 1")
        if len(set(self.probes)) != len(self.probes):
            raise refuse("probes", list(self.probes), "a list without repetitions")
        if len(set(self.layers)) != len(self.layers):
            raise refuse("layers", list(self.layers), "a list without repetitions")
        if self.sample_neurons is not None and not 2 <= self.sample_neurons <= LARGEST_SAMPLE:
            raise refuse("sample_neurons", self.sample_neurons, f"between 2 and {LARGEST_SAMPLE}")

        if self.inputs and self.columns_by == "position":
            detail = "inputs names columns and columns_by is position; choose one of the two"
            places = [Place(detail, field="inputs"), Place(detail, field="columns_by")]
            raise InvalidParameter(detail, errors=places)
        for name, columns in self.inputs.items():
            if not columns or len(set(columns)) != len(columns):
                rule = "a list of columns without repetitions"
                raise refuse(f"inputs.{name}", list(columns[:MOST_SHOWN]), rule)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order of the fields."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        lists = {"probes": list(self.probes), "layers": list(self.layers)}
        inputs = {name: list(columns) for name, columns in self.inputs.items()}
        return plain | lists | {"parameters": dict(self.parameters), "inputs": inputs}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Options":
        """The inverse of `as_dict`; an unknown name is refused."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise refuse(min(unknown), values[min(unknown)], "left out: there is no such option")
        lists = {name: tuple(values.get(name, ())) for name in ("probes", "layers")}
        inputs = {name: tuple(columns) for name, columns in values.get("inputs", {}).items()}
        return cls(**{**values, **lists, "inputs": inputs})
