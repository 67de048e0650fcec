"""A network with its graph facts as plain JSON values, in networkx's node-link form.

`networkx.node_link_graph(node_link(network, facts), edges="links")` reads it. Nodes are in order of (layer,
index); links are all measured pairs, flow edges or not, in order of (source, target). What is not defined
is None. Information is in nats.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.graph.facts import GraphFacts
from estimator.network import Edges, FlowNetwork, GivenTarget, Probe, ProbeLayer, neuron_id

Json = dict[str, Any]


def node_link(network: FlowNetwork, facts: GraphFacts) -> Json:
    """The whole network; for a large one `export.json` writes the same without holding it at once."""
    return {
        "directed": True,
        "multigraph": False,
        "graph": graph_attributes(network, facts),
        "nodes": list(nodes(network, facts)),
        "links": list(links(network)),
    }


def graph_attributes(network: FlowNetwork, facts: GraphFacts) -> Json:
    """What holds for the network as a whole."""
    return {
        "beta": network.beta,
        "alpha": network.alpha,
        "unit": "nats",
        "modularity": facts.modularity,
        "edges_measured": network.edges_measured,
        "edges_kept": network.edges_kept,
        "provenance": dict(network.provenance),
        "layers": [
            {
                "index": layer.index,
                "name": layer.name,
                "kind": layer.kind,
                "level": layer.level,
                "size": layer.size,
                "operators": list(layer.operators),
                "meaning": layer.meaning,
            }
            for layer in network.layers
        ],
        "probes": [_probe(probe) for probe in network.probes],
    }


def nodes(network: FlowNetwork, facts: GraphFacts) -> Iterator[Json]:
    """One dict a neuron."""
    for layer in network.layers:
        seen = network.facts[layer.index]
        community = [None if c < 0 else c for c in facts.community[layer.index].tolist()]
        columns = zip(
            layer.neurons,
            community,
            plain(facts.betweenness[layer.index]),
            plain(facts.betweenness_weighted[layer.index]),
            plain(network.redundancy[layer.index]),
            plain(seen.mean),
            plain(seen.sd),
            plain(seen.zeros),
            network.silent[layer.index],
            strict=True,
        )
        for index, (name, of, between, weighted, redundancy, mean, sd, zeros, silent) in enumerate(columns):
            yield {
                "id": neuron_id(layer.index, index),
                "layer": layer.index,
                "layer_name": layer.name,
                "index": index,
                "name": name,
                "kind": layer.kind,
                "community": of,
                "betweenness": between,
                "betweenness_weighted": weighted,
                "redundancy": redundancy,
                "mean": mean,
                "sd": sd,
                "zeros": zeros,
                "silent": silent,
            }


def links(network: FlowNetwork) -> Iterator[Json]:
    """One dict a measured pair."""
    for layer in network.layers:
        out = [(e, nif) for e, nif in zip(network.edges, network.nif, strict=True) if e.source == layer.index]
        out.sort(key=lambda pair: pair[0].consumer)
        for index in range(layer.size):
            for edges, nif in out:
                yield from _links_of(edges, nif[index], index)


def _links_of(edges: Edges, nif: NDArray[np.float64], index: int) -> Iterator[Json]:
    """The links of one source neuron to one consumer layer."""
    columns = {
        "mi": plain(edges.mi[index]),
        "nif": plain(nif),
        "se": plain(edges.se[index]),
        "ci_low": plain(edges.ci_low[index]),
        "ci_high": plain(edges.ci_high[index]),
        "p_value": plain(edges.p_value[index]),
        "q_value": plain(edges.q_value[index]),
        "saturated": edges.saturated[index].tolist(),
        "lower_bound": edges.lower_bound[index].tolist(),
        "method": edges.method[index].tolist(),
    }
    source = neuron_id(edges.source, index)
    for target, values in enumerate(zip(*columns.values(), strict=True)):
        ends = {"source": source, "target": neuron_id(edges.consumer, target)}
        yield ends | dict(zip(columns, values, strict=True))


def _probe(probe: Probe) -> Json:
    return {
        "name": probe.name,
        "kind": probe.kind,
        "levels": [list(level) for level in probe.levels],
        "values": [_probe_layer(values) for values in probe.values],
        "given_target": None if probe.given_target is None else _given_target(probe.given_target),
    }


def _given_target(given: GivenTarget) -> Json:
    return {
        "target": given.target,
        "strata": [
            {"level": stratum.level, "rows": stratum.rows, "measured": stratum.measured}
            for stratum in given.strata
        ],
        "values": [_probe_layer(values) for values in given.values],
    }


def _probe_layer(values: ProbeLayer) -> Json:
    return {
        "layer": values.layer,
        "mi": plain(values.mi),
        "se": plain(values.se),
        "ci_low": plain(values.ci_low),
        "ci_high": plain(values.ci_high),
        "p_value": plain(values.p_value),
        "q_value": plain(values.q_value),
        "saturated": values.saturated.tolist(),
        "lower_bound": values.lower_bound.tolist(),
    }


def plain(values: NDArray[np.float64]) -> list[float | None]:
    """Python floats, None for NaN."""
    if not np.isnan(values).any():
        return values.tolist()  # type: ignore[no-any-return]
    return [None if value != value else value for value in values.tolist()]
