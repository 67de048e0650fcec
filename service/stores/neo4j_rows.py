"""A network's arrays as rows of properties for Neo4j. What is not defined (NaN) is no property at all."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from estimator.graph.facts import GraphFacts
from estimator.network import Edges, FlowNetwork, Probe, ProbeLayer, neuron_id

LARGEST = float(np.finfo(np.float64).max)
SMALLEST_NIF = 1e-300  # of which 1/nif is finite
COLOURS = 12
METHODS_AT_ONCE = 100_000
Row = dict[str, Any]


def neuron_rows(network: FlowNetwork) -> Iterator[Row]:
    """One a neuron; `number` runs through all layers, so its order is that of (layer, index)."""
    out_flow, in_flow = flows(network)
    for layer, did, redundancy, silent in zip(
        network.layers, network.facts, network.redundancy, network.silent, strict=True
    ):
        at = layer.index
        columns: dict[str, list[Any]] = {
            "mean": plain(did.mean),
            "sd": plain(did.sd),
            "zeros": plain(did.zeros),
            "redundancy": plain(redundancy),
            "out_flow": plain(out_flow[at]),
            "in_flow": plain(in_flow[at]),
            "silent": list(silent),
        }
        for index, name in enumerate(layer.neurons):
            yield {
                "number": network.offsets[at] + index,
                "id": neuron_id(at, index),
                "layer": at,
                "layer_name": layer.name,
                "index": index,
                "name": name,
            } | {key: values[index] for key, values in columns.items()}


def fact_rows(network: FlowNetwork, facts: GraphFacts) -> Iterator[Row]:
    """What graph algorithms say of each neuron, and labels that Neo4j Browser gives colour and size by.

    Labels: Community0 to Community11 (numbers beyond come round again), Size0 to Size4 by betweenness,
    Silent, Input, Output. Never a text of the user's.
    """
    betweenness = np.concatenate(facts.betweenness)
    weighted = np.concatenate(facts.betweenness_weighted).tolist()
    community = np.concatenate(facts.community).tolist()
    size = np.ceil(4 * betweenness / max(1.0, float(betweenness.max(initial=0.0)))).astype(int).tolist()
    silent = [said for layer in network.silent for said in layer]
    kinds = [layer.kind for layer in network.layers for _ in layer.neurons]
    for number, score in enumerate(betweenness.tolist()):
        labels = [f"Size{size[number]}"]
        labels += [] if community[number] < 0 else [f"Community{community[number] % COLOURS}"]
        labels += [] if silent[number] is None else ["Silent"]
        labels += [] if kinds[number] == "hidden" else [kinds[number].capitalize()]
        yield {
            "number": number,
            "labels": labels,
            "properties": {
                "betweenness": score,
                "betweenness_weighted": weighted[number],
                "community": None if community[number] < 0 else community[number],
            },
        }


def flows(network: FlowNetwork) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Sums of nif out of and into each neuron, by layer; at most the largest double."""
    out_flow = [np.zeros(layer.size) for layer in network.layers]
    in_flow = [np.zeros(layer.size) for layer in network.layers]
    for edges, nif in zip(network.edges, network.nif, strict=True):
        with np.errstate(over="ignore"):
            out_flow[edges.source] += nif.sum(axis=1)
            in_flow[edges.consumer] += nif.sum(axis=0)
    return [np.minimum(f, LARGEST) for f in out_flow], [np.minimum(f, LARGEST) for f in in_flow]


def edge_columns(
    edges: Edges, nif: NDArray[np.float64], usual: str, rows: slice, columns: slice
) -> Iterator[list[Any]]:
    """For each source neuron of `rows`: lists over the consumers of `columns`, in the order of the
    statement: mi, nif, se, ci_low, ci_high, p, q, distance; and, if anywhere in this block one is set,
    saturated, lower_bound, method.

    nif: of all pairs of `edges`. distance is 1/nif of a flow edge. A flag that is not up is no property, and
    neither is the method `usual`: every property of an edge costs time and room.
    """
    nif = nif[rows, columns]
    distance = np.where(nif > 0, 1 / np.maximum(nif, SMALLEST_NIF), np.nan)
    floats = [edges.mi, None, edges.se, edges.ci_low, edges.ci_high, edges.p_value, edges.q_value]
    cut = [nif if values is None else values[rows, columns] for values in floats] + [distance]
    saturated, lower_bound = edges.saturated[rows, columns], edges.lower_bound[rows, columns]
    method = edges.method[rows, columns]
    tables: list[list[Any]] = [plain(values) for values in cut]
    if saturated.any() or lower_bound.any() or (method != usual).any():
        tables += [_only(flag, flag) for flag in (saturated, lower_bound)]
        tables.append(_only(method, method != usual))
    return map(list, zip(*tables, strict=True))


def probe_rows(network: FlowNetwork, probe: Probe) -> Iterator[Row]:
    given = {} if probe.given_target is None else {v.layer: v for v in probe.given_target.values}
    for values in probe.values:
        columns = _measured(values)
        if values.layer in given:
            known = _measured(given[values.layer])
            columns |= {f"given_{name}": column for name, column in known.items()}
        for index in range(values.mi.size):
            properties = {key: column[index] for key, column in columns.items()}
            yield {"number": network.offsets[values.layer] + index, "properties": properties}


def _measured(values: ProbeLayer) -> dict[str, list[Any]]:
    return {
        "mi": plain(values.mi),
        "se": plain(values.se),
        "ci_low": plain(values.ci_low),
        "ci_high": plain(values.ci_high),
        "p": plain(values.p_value),
        "q": plain(values.q_value),
        "saturated": [bool(flag) for flag in values.saturated],
        "lower_bound": [bool(flag) for flag in values.lower_bound],
    }


def usual_method(network: FlowNetwork) -> str:
    """The method of most edges; empty without an edge."""
    counts: Counter[str] = Counter()
    for edges in network.edges:
        rows = max(1, METHODS_AT_ONCE // edges.method.shape[1])
        for start in range(0, len(edges.method), rows):
            names, times = np.unique(edges.method[start : start + rows], return_counts=True)
            counts.update(dict(zip(names.tolist(), times.tolist(), strict=True)))
    return max(counts, key=lambda name: (counts[name], name), default="")


def plain(values: NDArray[np.float64]) -> list[Any]:
    """Python floats, nested as `values` is, NaN as None."""
    return _only(values, ~np.isnan(values))


def _only(values: NDArray[Any], where: NDArray[np.bool_]) -> list[Any]:
    """Python values, None elsewhere."""
    if not where.all():
        values = values.astype(object)
        values[~where] = None
    return cast(list[Any], values.tolist())
