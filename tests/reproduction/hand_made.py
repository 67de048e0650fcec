"""Runs made by hand: a network of 2 features, 3 hidden neurons (the third dead) and 2 outputs."""

from dataclasses import replace
from typing import Any

import numpy as np

from estimator.graph.facts import GraphFacts
from estimator.network import Edges, FlowNetwork, Layer, NeuronFacts
from estimator.scoring.bootstrap import Interval
from service.reproduction.run import CUTS, ESTIMATORS, METHODS, Attributed, Cut, Measured, Run

INPUT = np.array([[0.9, 0.2, 0.0], [0.1, 0.4, 0.0]])
OUTPUT = np.array([[0.5, 0.5], [0.3, 0.3], [0.0, 0.0]])
NOTHING = Interval(0.0, 0.0, 0.0)
LOSS = Interval(-0.3, -0.4, -0.2)


def edges(source: int, mi: np.ndarray[Any, np.dtype[np.float64]]) -> Edges:
    zeros, none = np.zeros(mi.shape), np.zeros(mi.shape, dtype=bool)
    return Edges(
        source=source, consumer=source + 1, mi=mi, se=zeros, ci_low=mi, ci_high=mi,
        p_value=np.where(mi > 0, 0.001, 1.0), q_value=np.where(mi > 0, 0.001, 1.0),
        ceiling=zeros + 5, saturated=none, lower_bound=none, method=np.full(mi.shape, "convex"),
    )  # fmt: skip


def neuron_facts(sd: list[float]) -> NeuronFacts:
    n, spread = len(sd), np.array(sd)
    return NeuronFacts(
        mean=np.zeros(n), sd=spread, zeros=np.where(spread == 0, 1.0, 0.1), distinct=np.full(n, 9),
        histogram=np.ones((n, 4), dtype=np.int64), histogram_edges=np.tile(np.arange(5.0), (n, 1)),
        constant=spread == 0,
    )  # fmt: skip


def network(first: Any = INPUT) -> FlowNetwork:
    return FlowNetwork(
        layers=(
            Layer(0, "features", "input", 0, ("a", "b")),
            Layer(1, "hidden", "hidden", 1, ("h0", "h1", "h2")),
            Layer(2, "output", "output", 2, ("no", "yes")),
        ),
        edges=(edges(0, np.asarray(first, dtype=np.float64)), edges(1, OUTPUT)),
        facts=(neuron_facts([1, 1]), neuron_facts([2, 1, 0]), neuron_facts([1, 1])),
        redundancy=(np.zeros(2), np.zeros(3), np.zeros(2)),
        beta=0.5,
        alpha=0.05,
        provenance={"rows": 100, "versions": {"numpy": "2"}, "seed": 0},
    )


def cut(neurons: tuple[str, ...], difference: Interval = NOTHING, change: float = 0.0) -> Cut:
    after = Interval(0.9 + difference.value, 0.8, 1.0)
    return Cut(neurons, after, difference, 0, 0, change, (0.7, 0.8) if neurons else ())


def measured(
    *, first: Any = INPUT, communities: Any = ([0, 1], [0, 1, -1], [1, 1]), betweenness: Any = (2, 1, 0),
    zero_flow: Interval = NOTHING, nif: float = 0.1, shap: float = 0.2, gradients: float = 0.3,
) -> Measured:  # fmt: skip
    statistics = dict(zip(METHODS, (nif, shap, gradients, 0.0), strict=True))
    return Measured(
        network=network(first),
        facts=GraphFacts(
            betweenness=(np.zeros(2), np.array(betweenness, dtype=np.float64), np.zeros(2)),
            betweenness_weighted=(np.zeros(2), np.zeros(3), np.zeros(2)),
            community=tuple(np.array(layer) for layer in communities),
            modularity=0.2,
        ),
        cuts={what: cut(("1:2",), zero_flow if what == "zero-flow" else NOTHING) for what in CUTS},
        attributed={
            method: Attributed(((0.6, 0.6), (0.4, 0.4)), value, 0.9, value)
            for method, value in statistics.items()
        },
        classes=((0.7, 0.7), (0.3, 0.3)),
    )


def run(recipe: str = "iris-raw", seed: int = 0, other: Measured | None = None, **said: Any) -> Run:
    """said: of both estimators; other: what the second says instead."""
    by = measured(**said)
    return Run(
        recipe=recipe, seed=seed, before=Interval(0.9, 0.8, 1.0), dead=("1:2",), remaining=("1:0", "1:1"),
        without_dead=cut(("1:2",)), without_remaining=cut(("1:0", "1:1"), LOSS, 0.8),
        by=dict(zip(ESTIMATORS, (by, other or by), strict=True)),
    )  # fmt: skip


def without_dead_neurons(given: Run) -> Run:
    """The same run, had no neuron died."""
    return replace(given, dead=(), remaining=("1:0", "1:1", "1:2"), without_dead=cut(()))
