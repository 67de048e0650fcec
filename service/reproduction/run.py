"""What is known of one trained network: a recipe and a seed, measured."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from estimator.comparison.options import Method
from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from estimator.options import Estimator
from estimator.scoring.bootstrap import Interval

# The first is the one that the figures show; the other says whether the estimate could be at fault.
ESTIMATORS: tuple[Estimator, ...] = ("convex", "ksg")
# Neurons cut because an estimator says that they carry nothing: `silent`, without a significant edge;
# `zero-flow`, on no path of flow edges; `zero-mi`, on none at beta 0 either.
CUTS = ("silent", "zero-flow", "zero-mi")
METHODS: tuple[Method, ...] = ("nif", "shap", "integrated_gradients", "mi")


@dataclass(frozen=True)
class Cut:
    """The accuracy without some neurons, these at 0. neurons: ids.

    difference: after minus before, paired by rows, with its bootstrap interval. random: the accuracies
    without as many random neurons of the same layers; empty where none was cut.
    """

    neurons: tuple[str, ...]
    after: Interval
    difference: Interval
    lost: int
    gained: int
    largest_change: float
    random: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Cut":
        intervals = {name: Interval(**given[name]) for name in ("after", "difference")}
        lists = {name: tuple(given[name]) for name in ("neurons", "random")}
        return cls(**{**given, **intervals, **lists})


@dataclass(frozen=True)
class Attributed:
    """A method's attribution. shares: [feature][output], each output's adding up to 1.

    statistic, p_value: Kolmogorov-Smirnov to the MI of features with classes. distance: half the sum of the
    absolute differences to it, the mean over outputs.
    """

    shares: tuple[tuple[float, ...], ...]
    statistic: float
    p_value: float
    distance: float

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Attributed":
        return cls(**{**given, "shares": tuple(tuple(row) for row in given["shares"])})


@dataclass(frozen=True)
class Measured:
    """What one estimator says. cuts: by what was cut, CUTS. attributed: by method.

    classes: shares of the MI between features and classes, [feature][class].
    """

    network: FlowNetwork
    facts: GraphFacts
    cuts: Mapping[str, Cut]
    attributed: Mapping[str, Attributed]
    classes: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Run:
    """before: accuracy of the whole network. dead: hidden neurons that are 0 in every row, ids; remaining:
    the others. without_dead, without_remaining: what cutting them costs. by: estimator -> what it says.
    """

    recipe: str
    seed: int
    before: Interval
    dead: tuple[str, ...]
    remaining: tuple[str, ...]
    without_dead: Cut
    without_remaining: Cut
    by: Mapping[str, Measured]

    @property
    def name(self) -> str:
        return f"{self.recipe}-{self.seed}"
