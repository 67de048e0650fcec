"""A network into the embedded store's tables, and back out of them."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.errors import NotFinite, Place
from estimator.graph.facts import GraphFacts
from estimator.network import Edges, FlowNetwork, ProbeLayer, neuron_id
from estimator.network_arrays import array_bytes, array_of, pack, unpack

LARGEST = float(np.finfo(np.float64).max)
Row = tuple[Any, ...]


def insert(db: sqlite3.Connection, analysis_id: str, network: FlowNetwork, facts: GraphFacts) -> None:
    """All rows of a network, in the transaction that is open. SQLite stores NaN as NULL."""
    header, arrays = pack(network)
    text = json.dumps(header, ensure_ascii=False, allow_nan=False)
    row = (analysis_id, network.beta, network.alpha, facts.modularity, text)
    number = db.execute(
        "INSERT INTO networks (analysis_id, beta, alpha, modularity, header) VALUES (?, ?, ?, ?, ?)", row
    ).lastrowid
    for name, values in arrays.items():
        db.execute("INSERT INTO arrays VALUES (?, ?, ?)", (number, name, array_bytes(values)))
    db.executemany("INSERT INTO neurons VALUES (?,?,?,?,?,?,?,?,?,?,?)", _neurons(number, network))
    insert_graph_facts(db, "graph_facts", number, network, facts)
    for source in range(len(network.layers)):
        db.executemany("INSERT INTO edges VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", _edges(number, network, source))
    marks = ",".join(20 * "?")
    db.executemany(f"INSERT INTO probes VALUES ({marks})", _probes(number, network))  # noqa: S608


def insert_graph_facts(
    db: sqlite3.Connection, table: str, number: int | None, network: FlowNetwork, facts: GraphFacts
) -> None:
    """What depends on beta, into `graph_facts` or a temporary table like it."""
    out_flow = [np.zeros(layer.size) for layer in network.layers]
    in_flow = [np.zeros(layer.size) for layer in network.layers]
    for edges, nif in zip(network.edges, network.nif, strict=True):
        with np.errstate(over="ignore"):
            out_flow[edges.source] += nif.sum(axis=1)
            in_flow[edges.consumer] += nif.sum(axis=0)
    columns = zip(
        range(network.neurons_total),
        np.concatenate(facts.betweenness).tolist(),
        np.concatenate(facts.betweenness_weighted).tolist(),
        [None if c < 0 else c for c in np.concatenate(facts.community).tolist()],
        np.minimum(np.concatenate(out_flow), LARGEST).tolist(),
        np.minimum(np.concatenate(in_flow), LARGEST).tolist(),
        strict=True,
    )
    db.executemany(f"INSERT INTO {table} VALUES (?,?,?,?,?,?,?)", ((number, *row) for row in columns))  # noqa: S608


def read(db: sqlite3.Connection, number: int) -> FlowNetwork:
    """The network, bit for bit."""
    (header,) = db.execute("SELECT header FROM networks WHERE number = ?", (number,)).fetchone()
    arrays = db.execute("SELECT name, data FROM arrays WHERE network = ?", (number,))
    return unpack(json.loads(header), {name: array_of(data) for name, data in arrays})


def read_facts(db: sqlite3.Connection, number: int, network: FlowNetwork) -> GraphFacts:
    """The graph facts at the network's own beta."""
    (modularity,) = db.execute("SELECT modularity FROM networks WHERE number = ?", (number,)).fetchone()
    rows = db.execute(
        "SELECT betweenness, betweenness_weighted, coalesce(community, -1) FROM graph_facts"
        " WHERE network = ? ORDER BY neuron",
        (number,),
    ).fetchall()
    betweenness, weighted, community = zip(*rows, strict=True)
    cuts = network.offsets[1:]
    return GraphFacts(
        betweenness=tuple(np.split(np.array(betweenness, dtype=np.float64), cuts)),
        betweenness_weighted=tuple(np.split(np.array(weighted, dtype=np.float64), cuts)),
        community=tuple(np.split(np.array(community, dtype=np.int64), cuts)),
        modularity=modularity,
    )


def check_finite(network: FlowNetwork) -> None:
    """Refuse a network that no answer could be given from: mi and redundancy must be numbers, nothing inf."""
    for edges in network.edges:
        _check(network, edges.source, "mi", edges.mi, np.isfinite(edges.mi))
        _check(network, edges.source, "redundancy", network.redundancy[edges.source],
               np.isfinite(network.redundancy[edges.source]))  # fmt: skip
        for name in ("se", "ci_low", "ci_high", "p_value", "q_value"):
            values = getattr(edges, name)
            _check(network, edges.source, name, values, ~np.isinf(values))


def _check(
    network: FlowNetwork, layer: int, name: str, values: NDArray[np.float64], good: NDArray[np.bool_]
) -> None:
    if good.all():
        return
    place = tuple(int(i) for i in np.argwhere(~good)[0])
    neuron = neuron_id(layer, place[0])
    detail = (
        f"{name} of neuron {neuron} ({network.layers[layer].name!r}) is {values[place]}; it must be a number"
    )
    raise NotFinite(detail, errors=[Place(detail, node=neuron)])


def _neurons(number: int | None, network: FlowNetwork) -> Iterator[Row]:
    for layer, facts, redundancy, silent, offset in zip(
        network.layers, network.facts, network.redundancy, network.silent, network.offsets, strict=True
    ):
        columns = (facts.mean.tolist(), facts.sd.tolist(), facts.zeros.tolist(), redundancy.tolist())
        for index, (name, why, *values) in enumerate(zip(layer.neurons, silent, *columns, strict=True)):
            yield (number, offset + index, layer.index, layer.name, index, name, *values, why)


def _edges(number: int | None, network: FlowNetwork, source: int) -> Iterator[Row]:
    """The pairs of one source layer in the order of the table, which makes them twice as fast to insert."""
    out = sorted((e for e in network.edges if e.source == source), key=lambda e: e.consumer)
    for index in range(network.layers[source].size):
        for edges in out:
            yield from _pairs(number, network, edges, index)


def _pairs(number: int | None, network: FlowNetwork, edges: Edges, index: int) -> Iterator[Row]:
    neuron = network.offsets[edges.source] + index
    first = network.offsets[edges.consumer]
    floats = (edges.mi, edges.se, edges.ci_low, edges.ci_high, edges.p_value, edges.q_value)
    others = (edges.saturated, edges.lower_bound, edges.method)
    columns = [values[index].tolist() for values in (*floats, *others)]
    for consumer, values in enumerate(zip(*columns, strict=True), first):
        yield (number, neuron, consumer, *values)


def _probes(number: int | None, network: FlowNetwork) -> Iterator[Row]:
    for place, probe in enumerate(network.probes):
        given = {} if probe.given_target is None else {v.layer: v for v in probe.given_target.values}
        for values in probe.values:
            columns = _measured(values)
            known = given.get(values.layer)
            columns += [[None] * values.mi.size] * len(columns) if known is None else _measured(known)
            for neuron, row in enumerate(zip(*columns, strict=True), network.offsets[values.layer]):
                yield (number, place, probe.name, neuron, *row)


def _measured(values: ProbeLayer) -> list[list[Any]]:
    floats = (values.mi, values.se, values.ci_low, values.ci_high, values.p_value, values.q_value)
    return [column.tolist() for column in (*floats, values.saturated, values.lower_bound)]
