"""What a user may choose about an ablation; checked once, here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from estimator.options import LARGEST_SEED, refuse
from estimator.scoring.metrics import METRICS, MetricAsked

Choose = Literal[
    "silent", "constant", "least-outgoing-flow", "least-betweenness", "least-attribution", "list"
]
Replace = Literal["zero", "mean"]
RANKED: tuple[Choose, ...] = ("least-outgoing-flow", "least-betweenness", "least-attribution")
LEAST_DRAWS, MOST_DRAWS = 20, 10_000
MOST_POINTS = 100


@dataclass(frozen=True)
class AblationOptions:
    """Options of an ablation.

    choose: which hidden neurons are cut. `silent`: those that are constant or uninformative; `constant`:
    those alone that have one value on all rows; `least-...`: the k least by outgoing flow (sum of nif to all
    consumers), betweenness (unweighted) or attribution (sum over all paths through the neuron, from any
    input to any output, of the product of nif); `list`: those of `neurons`.
    neurons: ids such as 1:4, or names; for `list` alone.
    k: how many, for `least-...`; as many as can be cut if None.
    points: for `least-...`, the metric is measured at this many numbers of neurons from 1 to k; 1 is k alone.
    inverse: for `least-...`, the k most informative are cut, too, for comparison.
    layers: names of the hidden layers to cut in; all if empty.
    replace: a cut neuron gives 0 (`zero`, as in arXiv 1901.08557), or its mean over the rows (`mean`).
    target: the column with the labels; the analysis' target if None.
    metric: `auto` is accuracy for classes and RMSE for numbers. classes: names of the model's outputs, in
    their order, where neither the model nor the labels say which is which.
    draws: random sets of as many neurons of the same layers, for comparison; all sets, where there are fewer.
    bootstrap: draws of rows behind each interval. seed: of both.
    """

    choose: Choose = "silent"
    neurons: tuple[str, ...] = ()
    k: int | None = None
    points: int = 10
    inverse: bool = False
    layers: tuple[str, ...] = ()
    replace: Replace = "zero"
    target: str | None = None
    metric: MetricAsked = "auto"
    classes: tuple[str, ...] = ()
    draws: int = 20
    bootstrap: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.choose not in get_args(Choose):
            raise refuse("choose", self.choose, "one of " + ", ".join(get_args(Choose)))
        if self.choose == "list" and not self.neurons:
            raise refuse("neurons", [], "a list of neurons, for choose=list")
        if self.choose != "list" and self.neurons:
            raise refuse("neurons", list(self.neurons)[:5], "left out, unless choose is list")
        if self.choose not in RANKED:
            self._refuse_what_needs_a_ranking()
        if self.k is not None and self.k < 1:
            raise refuse("k", self.k, "at least 1")
        if not 1 <= self.points <= MOST_POINTS:
            raise refuse("points", self.points, f"between 1 and {MOST_POINTS}")
        for name in ("neurons", "layers", "classes"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise refuse(name, list(values)[:5], "a list without repetitions")
        if self.replace not in get_args(Replace):
            raise refuse("replace", self.replace, "zero or mean")
        if self.metric not in ("auto", *METRICS):
            raise refuse("metric", self.metric, "auto, " + ", ".join(METRICS))
        if not LEAST_DRAWS <= self.draws <= MOST_DRAWS:
            raise refuse("draws", self.draws, f"between {LEAST_DRAWS} and {MOST_DRAWS}")
        if not 100 <= self.bootstrap <= 100_000:
            raise refuse("bootstrap", self.bootstrap, "between 100 and 100000")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise refuse("seed", self.seed, f"between 0 and {LARGEST_SEED}")

    def _refuse_what_needs_a_ranking(self) -> None:
        which = "of " + ", ".join(RANKED)
        if self.k is not None:
            raise refuse("k", self.k, f"left out: it is {which}; {self.choose} says itself which are cut")
        if self.inverse:
            raise refuse("inverse", True, f"left out: it is {which}")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order of the fields."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "AblationOptions":
        """The inverse of `as_dict`; an unknown name is refused."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise refuse(min(unknown), values[min(unknown)], "left out: there is no such option")
        lists = {name: tuple(values[name]) for name in ("neurons", "layers", "classes") if name in values}
        return cls(**{**values, **lists})
