"""Write a network into Neo4j.

1. All of a copy hangs on an `Unfinished` node, in batches, each its own transaction. Every batch first
   touches that node: if it was swept away meanwhile, the batch fails and so does the write. Batches of
   edges, of which several run at once, only look for it, and it is touched beside them. Betweenness and
   communities are found in the database, on the edges that are there by then.
2. One last transaction makes the `Unfinished` an `Analysis`. Its id is unique, so of two workers that write
   one analysis one gets through, and the other's copy is removed.
3. What a dead worker left, an `Unfinished` not touched for STALE_SECONDS, is swept at the next write.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from time import monotonic
from typing import Any, LiteralString, TypeVar
from uuid import uuid4

import numpy as np
from neo4j.exceptions import ConstraintError
from numpy.typing import NDArray

from estimator.graph.facts import GraphFacts
from estimator.network import Edges, FlowNetwork
from service.stores.answers import communities
from service.stores.neo4j_chunks import CHUNK_BYTES, chunks_of
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_edges import write_edges
from service.stores.neo4j_graph_facts import graph_facts
from service.stores.neo4j_projection import GRAPH_SECONDS
from service.stores.neo4j_removal import BATCH, CHUNKS_A_BATCH, remove, sweep
from service.stores.neo4j_rows import fact_rows, neuron_rows, probe_rows, usual_method
from service.stores.protocol import StoreUnavailable

STALE_SECONDS = 900
TOUCH_SECONDS = 60
T = TypeVar("T")

_BEGIN = """
CREATE (w:Unfinished {network: $network, touched: timestamp()})
SET w += $properties
WITH w UNWIND $layers AS layer
CREATE (w)-[:HAS_LAYER]->(l:Layer) SET l = layer, l.network = $network
RETURN count(l)"""
_NEURONS = """
MATCH (w:Unfinished {network: $network}) SET w.touched = timestamp()
WITH w UNWIND $rows AS row
MATCH (l:Layer {network: $network, index: row.layer})
CREATE (l)-[:HAS_NEURON]->(n:Neuron) SET n = row, n.network = $network, n.analysis_id = $analysis_id
RETURN count(n)"""
_FACTS = """
MATCH (w:Unfinished {network: $network}) SET w.touched = timestamp(), w += $found
WITH w UNWIND $rows AS row
MATCH (n:Neuron {network: $network, number: row.number}) SET n += row.properties, n:$(row.labels)
RETURN count(n)"""
_TOUCH = "MATCH (w:Unfinished {network: $network}) SET w.touched = timestamp() RETURN 1"
_PROBES = """
MATCH (w:Unfinished {network: $network}) SET w.touched = timestamp()
MERGE (p:Probe {network: $network, position: $position}) SET p += $probe
MERGE (w)-[:HAS_PROBE]->(p)
WITH p UNWIND $rows AS row
MATCH (n:Neuron {network: $network, number: row.number})
CREATE (p)-[r:INFORMS]->(n) SET r = row.properties
RETURN count(r)"""
_CHUNKS = """
MATCH (w:Unfinished {network: $network}) SET w.touched = timestamp()
WITH w UNWIND $rows AS row
CREATE (c:Chunk {network: $network, number: row[0], name: row[1], data: row[2]})
RETURN count(c)"""
_FINISH = """
MATCH (w:Unfinished {network: $network})
SET w:Analysis, w.id = $analysis_id
REMOVE w:Unfinished, w.touched
FOREACH (sha IN $model | MERGE (m:Model {sha256: sha}) MERGE (w)-[:OF_MODEL]->(m))
FOREACH (sha IN $data | MERGE (d:Dataset {sha256: sha}) MERGE (w)-[:ON_DATA]->(d))
RETURN 1"""


def write_network(connection: Connection, analysis_id: str, network: FlowNetwork) -> None:
    """Raises StoreUnavailable, and then no analysis of that id has come to be."""
    sweep(connection, STALE_SECONDS)
    writer = CopyWriter(connection, analysis_id, uuid4().hex, usual_method(network))
    try:
        writer.begin(network)
        writer.neurons(network)
        for edges, nif in zip(network.edges, network.nif, strict=True):
            writer.edges(network, edges, nif)
        writer.facts(network, graph_facts(connection, writer.copy, network, GRAPH_SECONDS))
        writer.probes(network)
        writer.chunks(network)
    except BaseException:
        writer.remove()
        raise
    writer.finish(network)


class CopyWriter:
    """One copy of a network on its way into the database."""

    def __init__(self, connection: Connection, analysis_id: str, network: str, method: str) -> None:
        self._connection = connection
        self._analysis_id = analysis_id
        self._network = network
        self._method = method
        self._touch_at = 0.0

    @property
    def copy(self) -> str:
        return self._network

    def begin(self, network: FlowNetwork) -> None:
        record = network.provenance
        properties = {
            "beta": network.beta,
            "alpha": network.alpha,
            "method": self._method,
            "estimator": str(record.get("estimator", "")),
            "edges_measured": network.edges_measured,
            "edges_kept": network.edges_kept,
        }
        layers = [
            {"index": at.index, "name": at.name, "kind": at.kind, "level": at.level, "size": at.size}
            for at in network.layers
        ]
        self._connection.write(_BEGIN, network=self._network, properties=properties, layers=layers)

    def neurons(self, network: FlowNetwork) -> None:
        for rows in _batches(neuron_rows(network), BATCH // 4):
            self._write(_NEURONS, len(rows), rows=rows, analysis_id=self._analysis_id)

    def facts(self, network: FlowNetwork, facts: GraphFacts) -> None:
        flows = [community.nif_within for community in communities(network, facts).communities]
        found = {"modularity": facts.modularity, "community_flows": flows}
        for rows in _batches(fact_rows(network, facts), BATCH // 4):
            self._write(_FACTS, len(rows), rows=rows, found=found)

    def edges(self, network: FlowNetwork, edges: Edges, nif: NDArray[np.float64]) -> None:
        write_edges(self._write_edges, network, edges, nif, self._method)

    def probes(self, network: FlowNetwork) -> None:
        for position, probe in enumerate(network.probes):
            properties = {"name": probe.name, "kind": probe.kind}
            for rows in _batches(probe_rows(network, probe), BATCH):
                self._write(_PROBES, len(rows), rows=rows, position=position, probe=properties)

    def chunks(self, network: FlowNetwork) -> None:
        rows: list[tuple[int, str, bytes]] = []
        room = CHUNK_BYTES * CHUNKS_A_BATCH
        for number, (name, data) in enumerate(chunks_of(network)):
            if len(data) > room:
                self._write(_CHUNKS, len(rows), rows=rows)
                rows, room = [], CHUNK_BYTES * CHUNKS_A_BATCH
            rows.append((number, name, data))
            room -= len(data)
        self._write(_CHUNKS, len(rows), rows=rows)

    def finish(self, network: FlowNetwork) -> None:
        """Make the copy the analysis; if another copy was faster, this one is removed."""
        record = network.provenance
        try:
            done = self._connection.write(
                _FINISH,
                network=self._network,
                analysis_id=self._analysis_id,
                model=[record["model_sha256"]] if "model_sha256" in record else [],
                data=[record["data_sha256"]] if "data_sha256" in record else [],
            )
        except ConstraintError:
            self.remove()
            return
        if not done:
            raise self._swept()

    def remove(self) -> None:
        """Best effort: what cannot be removed now is swept later."""
        try:
            remove(self._connection, self._network)
        except StoreUnavailable:
            return

    def _write_edges(self, cypher: LiteralString, expected: int, parameters: dict[str, Any]) -> None:
        if monotonic() >= self._touch_at:
            self._touch_at = monotonic() + TOUCH_SECONDS
            self._write(_TOUCH, 1)
        self._write(cypher, expected, **parameters)

    def _write(self, cypher: LiteralString, expected: int, **parameters: Any) -> None:
        found = self._connection.write(cypher, network=self._network, **parameters)
        if found != [(expected,)]:
            raise self._swept()

    def _swept(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"the half-written network of analysis {self._analysis_id[:100]!r} was removed from Neo4j"
            " while it was written; try again"
        )


def _batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    each = iter(things)
    while batch := list(islice(each, size)):
        yield batch
