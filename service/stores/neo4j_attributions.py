"""Attributions hop by hop in Cypher (DESIGN 1.4): from the outputs back, one column an output.

1. Each output layer begins with 1 for itself. 2. From the last layer to the first, and for each layer that it
feeds: collect a neuron's nif in order of the consumers, and add up nif times what the consumer carries.
3. What has arrived at the input layers are the attributions. Paths are never listed.

Sums run in one order, so a question for one input or output gives the same bits as that for all. Where more
than PRODUCTS would be added up (seconds in Cypher), and where a sum exceeds the largest double,
`estimator.graph.attribution` answers on the network as it is stored; it is the same sum.
"""

from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from estimator.options import refuse
from service.stores.neo4j_connection import Reader
from service.stores.neo4j_ends import end_of
from service.stores.neo4j_listing import Stored
from service.stores.neo4j_projection import NIF
from service.stores.protocol import AttributionRow

PRODUCTS = 20_000_000
Floats = NDArray[np.float64]

_LAYERS: LiteralString = """
MATCH (l:Layer {network: $network}) RETURN l.index, l.kind, l.size ORDER BY l.index"""
# All pairs of two connected layers were measured, so the first neuron knows which layers its own feeds.
_LINKS: LiteralString = """
MATCH (l:Layer {network: $network})-[:HAS_NEURON]->(a:Neuron {index: 0})-[:FLOWS_TO]->(b)
RETURN DISTINCT a.layer, b.layer ORDER BY a.layer, b.layer"""
_HOP: LiteralString = f"""
MATCH (:Layer {{network: $network, index: $source}})-[:HAS_NEURON]->(a)
CALL (a) {{
  MATCH (a)-[r:FLOWS_TO]->(b) WHERE b.layer = $consumer
  WITH b.index AS at, {NIF} AS nif ORDER BY at RETURN collect(nif) AS nif
}}
RETURN a.index,
  [column IN $columns | reduce(sum = 0.0, j IN range(0, size(nif) - 1) | sum + nif[j] * column[j])]"""
_ENDS: LiteralString = """
MATCH (l:Layer {network: $network})-[:HAS_NEURON]->(n) WHERE l.kind = $kind
RETURN n.id, n.name, n.layer, n.index ORDER BY n.number"""


def attribution_rows(
    read: Reader, stored: Stored, source: str | None, target: str | None
) -> list[AttributionRow] | None:
    """All, or those of one input, of one output, or of both; None where Cypher is not to answer.

    Raises InvalidParameter for ends that are no input or no output.
    """
    for field, neuron, kind in (("source", source, "input"), ("target", target, "output")):
        if neuron is not None and end_of(read, stored, neuron, field).kind != kind:
            raise refuse(field, neuron, f"a neuron of an {kind} layer")
    inputs = [row for row in _ends(read, stored, "input") if source in (None, row[0])]
    outputs = [row for row in _ends(read, stored, "output") if target in (None, row[0])]
    sizes = {index: size for index, _, size in read.rows(_LAYERS, network=stored.network)}
    links: list[tuple[int, int]] = [(s, c) for s, c in read.rows(_LINKS, network=stored.network)]
    if sum(sizes[s] * sizes[c] for s, c in links) * len(outputs) > PRODUCTS:
        return None
    carried = {index: np.zeros((size, len(outputs))) for index, size in sizes.items()}
    for column, (_, _, layer, index) in enumerate(outputs):
        carried[layer][index, column] = 1.0
    for s, c in sorted(links, reverse=True):
        carried[s] += _hop(read, stored, s, c, carried)
        if not np.isfinite(carried[s]).all():
            return None
    return [
        AttributionRow(i, i_name, o, o_name, float(carried[layer][index, column]))
        for i, i_name, layer, index in inputs
        for column, (o, o_name, _, _) in enumerate(outputs)
    ]


def _hop(read: Reader, stored: Stored, source: int, consumer: int, carried: dict[int, Floats]) -> Floats:
    """(n, outputs) what a link of two layers brings to each neuron of its source layer."""
    brought = np.zeros_like(carried[source])
    if not carried[consumer].any():
        return brought
    rows = read.rows(
        _HOP,
        network=stored.network,
        alpha=stored.alpha,
        beta=stored.beta,
        source=source,
        consumer=consumer,
        columns=carried[consumer].T.tolist(),
    )
    for index, values in rows:
        brought[index] = values
    return brought


def _ends(read: Reader, stored: Stored, kind: str) -> list[tuple[str, str, int, int]]:
    rows = read.rows(_ENDS, network=stored.network, kind=kind)
    return [(neuron, name, layer, index) for neuron, name, layer, index in rows]
