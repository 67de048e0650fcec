"""A 4-5-3 network as Iris gives it, made by hand: two dead ReLUs, a saturated edge, a probe, a warning."""

from dataclasses import replace

import numpy as np

from estimator.network import Edges, FlowNetwork
from tests.networks import flow_network, probe

FEATURES = ("sepal length", "sepal width", "petal length", "petal width")
SPECIES = ("setosa", "versicolor", "virginica")


def iris_like() -> FlowNetwork:
    """13 flow edges of 35: hidden neurons 1 and 4 are dead, one further edge is redundant."""
    first = [
        [0.21, 0, 0.17, 0.02, 0],
        [0.0, 0, 0.09, 0.0, 0],
        [0.62, 0, 0.48, 0.0, 0],
        [0.55, 0, 0.44, 0.0, 0],
    ]
    second = [[0.31, 0.12, 0.72], [0, 0, 0], [0.41, 0, 0.27], [0, 0, 0], [0, 0, 0]]
    network = flow_network(
        (4, 5, 3),
        {(0, 1): first, (1, 2): second},
        beta=0.5,
        redundancy=([0.6, 0.2, 0.9, 0.9], [0.4, 0, 0.3, 0.1, 0], [0, 0, 0]),
        names=(FEATURES, tuple(f"Relu:{i}" for i in range(5)), SPECIES),
    )
    names, operators = ("features", "hidden", "species"), ((), ("Gemm", "Relu"), ("Gemm", "Softmax"))
    layers = tuple(
        replace(layer, name=name, operators=ops)
        for layer, name, ops in zip(network.layers, names, operators, strict=True)
    )
    rng = np.random.default_rng(5)
    samples = [
        rng.normal([5.8, 3.0, 3.7, 1.2], [0.8, 0.4, 1.8, 0.8], (150, 4)),
        np.maximum(0, rng.normal(0.4, 1.3, (150, 5))) * [1, 0, 1, 1, 0],
        rng.dirichlet([0.4, 0.4, 0.4], 150),
    ]
    facts = []
    for known, X in zip(network.facts, samples, strict=True):
        ranges = [(x.min(), x.max()) if np.ptp(x) else (-0.5, 0.5) for x in X.T]
        found = [np.histogram(x, bins=20, range=r) for x, r in zip(X.T, ranges, strict=True)]
        facts.append(
            replace(
                known,
                mean=X.mean(axis=0),
                sd=X.std(axis=0),
                zeros=(X == 0).mean(axis=0),
                histogram=np.array([counts for counts, _ in found]),
                histogram_edges=np.array([edges for _, edges in found]),
                constant=np.ptp(X, axis=0) == 0,
            )
        )
    warnings = ["The table has 150 rows; 3 of them occur twice."]
    network = replace(
        network,
        layers=layers,
        facts=tuple(facts),
        edges=_with_odd_edges(network.edges),
        provenance={**network.provenance, "permutations": 200, "warnings": warnings},
    )
    return replace(network, probes=(probe(network),))


def _with_odd_edges(edges: tuple[Edges, ...]) -> tuple[Edges, ...]:
    """petal length -> Relu:0 saturated; sepal length -> Relu:3 hardly significant; one redundant edge."""
    first, second = edges
    saturated, q = first.saturated.copy(), first.q_value.copy()
    mi, high = first.mi.copy(), first.ci_high.copy()
    saturated[2, 0] = True
    q[0, 3] = 0.04999
    high[0, 3] = 1.1
    mi[1, 0], q[1, 0] = 0.05, 0.01
    first = replace(first, saturated=saturated, lower_bound=saturated, q_value=q, mi=mi, ci_high=high)
    return first, second
