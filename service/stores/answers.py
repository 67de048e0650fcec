"""Answers that are worked out on a network in memory, as the store's rows."""

import numpy as np

from estimator.graph.attribution import attributions
from estimator.graph.facts import GraphFacts
from estimator.graph.flow import FlowBlocks, neuron_at, parse_neuron_id
from estimator.graph.paths import strongest_paths
from estimator.network import FlowNetwork, neuron_id
from estimator.options import refuse
from service.stores.protocol import AttributionRow, Communities, Community, PathRow

LARGEST = float(np.finfo(np.float64).max)


def communities(network: FlowNetwork, facts: GraphFacts) -> Communities:
    """In order of their numbers; a neuron without a flow edge is in none."""
    community = np.concatenate(facts.community)
    ids = [neuron_id(layer.index, i) for layer in network.layers for i in range(layer.size)]
    count = int(community.max(initial=-1)) + 1
    within = np.zeros(count)
    for edges in FlowBlocks(network):
        inside = community[edges.source] == community[edges.consumer]
        within += np.bincount(community[edges.source[inside]], weights=edges.nif[inside], minlength=count)
    members = [np.flatnonzero(community == c) for c in range(count)]
    return Communities(
        tuple(
            Community(c, tuple(ids[n] for n in members[c]), min(float(within[c]), LARGEST))
            for c in range(count)
        ),
        facts.modularity,
    )


def paths(network: FlowNetwork, source: str, target: str, k: int) -> list[PathRow]:
    """The k strongest."""
    return [
        PathRow(path.neurons, tuple(_name(network, n) for n in path.neurons), path.nif, path.product)
        for path in strongest_paths(network, source, target, k)
    ]


def attribution_rows(network: FlowNetwork, source: str | None, target: str | None) -> list[AttributionRow]:
    """All, or those of one input, of one output, or of both."""
    for field, neuron, kind in (("source", source, "input"), ("target", target, "output")):
        if neuron is not None and network.layers[neuron_at(network, neuron, field)[0]].kind != kind:
            raise refuse(field, neuron, f"a neuron of an {kind} layer")
    found = attributions(network)
    return [
        AttributionRow(i, _name(network, i), o, _name(network, o), float(found.values[row, column]))
        for row, i in enumerate(found.inputs)
        for column, o in enumerate(found.outputs)
        if source in (None, i) and target in (None, o)
    ]


def _name(network: FlowNetwork, neuron: str) -> str:
    layer, index = parse_neuron_id(neuron) or (0, 0)
    return network.layers[layer].neurons[index]
