"""Hand-made and random flow networks for tests that do not estimate anything."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from estimator.network import Edges, FlowNetwork, Layer, NeuronFacts, Probe, ProbeLayer


def flow_network(
    sizes: Sequence[int],
    nif: dict[tuple[int, int], Any],
    *,
    beta: float = 0.0,
    redundancy: Sequence[Any] | None = None,
    probes: tuple[Probe, ...] = (),
    names: Sequence[Sequence[str]] | None = None,
) -> FlowNetwork:
    """A network with the mi that gives `nif` at `beta`; sizes by layer, {(source, consumer): matrix}.

    A pair whose nif is 0 is not significant (q = 1); all others have q = 0.001.
    """
    levels = [0] * len(sizes)
    for source, consumer in sorted(nif):
        levels[consumer] = max(levels[consumer], levels[source] + 1)
    last = len(sizes) - 1
    layers = tuple(
        Layer(
            index=i,
            name=f"layer{i}",
            kind="input" if levels[i] == 0 else "output" if i == last else "hidden",
            level=levels[i],
            neurons=tuple(names[i]) if names else tuple(f"layer{i}.{j}" for j in range(size)),
        )
        for i, size in enumerate(sizes)
    )
    R = [np.zeros(s) if redundancy is None else np.asarray(redundancy[i], float) for i, s in enumerate(sizes)]
    edges = []
    for (source, consumer), given in sorted(nif.items()):
        flow = np.asarray(given, dtype=float).reshape(sizes[source], sizes[consumer])
        mi = np.where(flow > 0, flow + beta * R[source][:, None], 0.0)
        q = np.where(flow > 0, 0.001, 1.0)
        edges.append(
            Edges(
                source=source, consumer=consumer, mi=mi, se=mi * 0.1,
                ci_low=mi * 0.8, ci_high=mi * 1.2, p_value=q / 2, q_value=q,
                ceiling=np.full_like(mi, 5.0),
                saturated=np.zeros(mi.shape, bool), lower_bound=np.zeros(mi.shape, bool),
                method=np.full(mi.shape, "convex"),
            )
        )  # fmt: skip
    return FlowNetwork(
        layers=layers,
        edges=tuple(edges),
        facts=tuple(facts(size) for size in sizes),
        redundancy=tuple(R),
        beta=beta,
        alpha=0.05,
        probes=probes,
        provenance={
            "estimator": "convex", "parameters": {}, "seed": 0, "rows": 150, "distinct_rows": 150,
            "device": "cpu", "model_sha256": "0" * 64, "data_sha256": "1" * 64,
            "versions": {"neural-information-flow": "0.1.0"}, "warnings": [],
        },
    )  # fmt: skip


def facts(size: int, bins: int = 20) -> NeuronFacts:
    """Facts of neurons that all saw 150 rows, evenly spread over [0, 1]."""
    return NeuronFacts(
        mean=np.full(size, 0.5),
        sd=np.full(size, 0.25),
        zeros=np.full(size, 0.02),
        distinct=np.full(size, 120, dtype=np.int64),
        histogram=np.full((size, bins), 7, dtype=np.int64),
        histogram_edges=np.tile(np.linspace(0, 1, bins + 1), (size, 1)),
        constant=np.zeros(size, dtype=bool),
    )


def random_network(
    seed: int, layers: int = 4, width: int = 4, skip: bool = True, density: float = 0.7, beta: float = 0.0
) -> FlowNetwork:
    """A random DAG of layers, with skip connections; nif up to 1.5 nats, some exactly 0."""
    rng = np.random.default_rng(seed)
    sizes = [int(s) for s in rng.integers(1, width + 1, layers)]
    pairs = [(i, i + 1) for i in range(layers - 1)]
    if skip:
        pairs += [(i, j) for i in range(layers) for j in range(i + 2, layers) if rng.random() < 0.5]
    nif = {
        (i, j): rng.uniform(0.01, 1.5, (sizes[i], sizes[j])) * (rng.random((sizes[i], sizes[j])) < density)
        for i, j in pairs
    }
    redundancy = [rng.uniform(0, 0.3, s) for s in sizes]
    return flow_network(sizes, nif, beta=beta, redundancy=redundancy)


def probe(network: FlowNetwork, name: str = "species", seed: int = 0) -> Probe:
    """A categorical probe with random information about every neuron of the network."""
    rng = np.random.default_rng(seed)
    values = []
    for layer in network.layers:
        mi = rng.uniform(0, 1, layer.size)
        values.append(
            ProbeLayer(
                layer=layer.index, mi=mi, se=mi * 0.1, ci_low=mi * 0.8, ci_high=mi * 1.2,
                p_value=np.full(layer.size, 0.005), q_value=np.full(layer.size, 0.01),
                saturated=np.zeros(layer.size, bool), lower_bound=np.zeros(layer.size, bool),
            )
        )  # fmt: skip
    return Probe(name=name, kind="categorical", levels=(("a", 75), ("b", 75)), values=tuple(values))
