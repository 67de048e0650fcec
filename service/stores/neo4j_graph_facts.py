"""Betweenness and communities of a network, found by GDS in the database; steps as in `describe`.

1. Project the flow edges, directed, and from that undirected. 2. Betweenness, unweighted and with distances
1/nif, by GDS. 3. Leiden by GDS; on networks of at most COMPARED_EDGES the embedded store's Leiden, too, and
the better is kept. GDS 2.13 was measured to end 1 to 12 % below the other's modularity on networks of some
hundred edges, whatever its seed, its theta or the order of the neurons, and within 0.5 % on 240,000 and
450,000 edges, with and without planted communities. 4. As `describe`: communities in connected parts,
numbered, and their modularity computed anew.

At concurrency 1, since several threads would not repeat their answer. GDS counts shortest paths in 64 bits
and does not notice an overflow: where there may be more (some ten layers of a hundred neurons), and where
there is nothing to project, `describe` answers instead, in this process. Otherwise this process needs no
more memory for a network of millions of edges than for one of COMPARED_EDGES.
"""

from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from estimator.graph.describe import describe, facts_of
from estimator.graph.facts import GraphFacts
from estimator.graph.flow import FlowBlocks, flow_edges
from estimator.graph.modularity import Partition, modularity
from estimator.network import FlowNetwork
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_projection import NIF, projected

COMPARED_EDGES = 200_000
ROWS_AT_ONCE = 64
MOST_PATHS = 2.0**62  # that 64 bits with a sign can count
MANY = 1e300

PROJECT: LiteralString = f"""
MATCH (x:Neuron {{network: $network}}) WITH x ORDER BY x.number WITH collect(x) AS neurons
CALL (neurons) {{
  UNWIND neurons AS a RETURN a, null AS b, null AS properties
  UNION ALL
  UNWIND neurons AS a MATCH (a)-[r:FLOWS_TO]->(b) WITH a, b, {NIF} AS nif WHERE nif > 0
  RETURN a, b, {{distance: CASE WHEN nif < 1e-300 THEN 1e300 ELSE 1 / nif END, weight: nif / $largest}}
    AS properties
}}
WITH gds.graph.project($name, a, b, {{relationshipType: 'FLOW', relationshipProperties: properties}},
  {{readConcurrency: 1}}) AS made
RETURN made.relationshipCount"""
UNDIRECTED: LiteralString = """
CALL gds.graph.relationships.toUndirected($name,
  {relationshipType: 'FLOW', mutateRelationshipType: 'TIE', concurrency: 1})
YIELD relationshipsWritten RETURN relationshipsWritten"""
BETWEENNESS: LiteralString = """
CALL gds.betweenness.stream($name, {relationshipTypes: ['FLOW'], concurrency: 1})
YIELD nodeId, score RETURN gds.util.asNode(nodeId).number, score"""
WEIGHTED: LiteralString = """
CALL gds.betweenness.stream($name,
  {relationshipTypes: ['FLOW'], relationshipWeightProperty: 'distance', concurrency: 1})
YIELD nodeId, score RETURN gds.util.asNode(nodeId).number, score"""
LEIDEN: LiteralString = """
CALL gds.leiden.stream($name, {relationshipTypes: ['TIE'], relationshipWeightProperty: 'weight',
  concurrency: 1, randomSeed: $seed})
YIELD nodeId, communityId RETURN gds.util.asNode(nodeId).number, communityId"""


def graph_facts(connection: Connection, copy: str, network: FlowNetwork, seconds: float) -> GraphFacts:
    """Of the network at its beta, whose neurons and edges are in the database under the name `copy`.

    seconds: the server's time limit. Raises StoreUnavailable.
    """
    if network.edges_kept == 0 or _most_paths(network) > MOST_PATHS:
        return describe(network)
    with (
        connection.reading(seconds) as read,
        projected(
            connection,
            read,
            PROJECT,
            network=copy,
            alpha=network.alpha,
            beta=network.beta,
            largest=max(float(nif.max(initial=0.0)) for nif in network.nif),
        ) as name,
    ):
        n = network.neurons_total
        unweighted = _by_neuron(read.rows(BETWEENNESS, name=name), n)
        weighted = _by_neuron(read.rows(WEIGHTED, name=name), n)
        seed = int(network.provenance.get("seed", 0))
        read.rows(UNDIRECTED, name=name)
        rows = read.rows(LEIDEN, name=name, seed=seed)
    community = np.unique(_by_neuron(rows, n), return_inverse=True)[1].astype(np.int64)
    if network.edges_kept <= COMPARED_EDGES:
        community = _better(network, community, seed)
    return facts_of(network, FlowBlocks(network), unweighted, weighted, community)


def _better(network: FlowNetwork, found: Partition, seed: int) -> Partition:
    """(n,) of GDS's communities and the embedded store's, those of larger modularity."""
    from estimator.graph.networkit_runs import leiden, single_thread

    edges = flow_edges(network)
    with single_thread():
        partition = leiden(edges, network.neurons_total, seed)
    other = np.unique(partition, return_inverse=True)[1].astype(np.int64)
    return found if modularity(edges, found) > modularity(edges, other) else other


def _by_neuron(rows: list[tuple[int, float]], n: int) -> NDArray[np.float64]:
    """(n,) the second of each row at the place that the first says."""
    values = np.zeros(n)
    values[[number for number, _ in rows]] = [value for _, value in rows]
    return values


def _most_paths(network: FlowNetwork) -> float:
    """At most so many paths end in one neuron, whatever their source; not counted beyond MANY."""
    ending = [np.ones(layer.size) for layer in network.layers]
    order = sorted(range(len(network.edges)), key=lambda n: network.edges[n].source)
    for edges, nif in ((network.edges[n], network.nif[n]) for n in order):  # a consumer comes after
        for start in range(0, len(nif), ROWS_AT_ONCE):
            block = slice(start, start + ROWS_AT_ONCE)
            more = ending[edges.source][block] @ (nif[block] > 0)
            ending[edges.consumer] = np.minimum(ending[edges.consumer] + more, MANY)
    return max(float(paths.max(initial=0.0)) for paths in ending)
