"""A whole network, and its graph facts, back out of Neo4j."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.stores.neo4j_chunks import Chunk, network_of
from service.stores.neo4j_connection import Reader
from service.stores.neo4j_listing import Stored
from service.stores.neo4j_rows import flows, plain
from service.stores.protocol import AnalysisNotStored

CHUNKS_AT_ONCE = 16


def read_network(read: Reader, stored: Stored) -> FlowNetwork:
    """The network, bit for bit, at the beta that is asked with."""
    try:
        network = network_of(_chunks(read, stored))
    except (KeyError, ValueError) as error:
        raise AnalysisNotStored("the network was deleted while it was read") from error
    return network if stored.at_own_beta else network.at_beta(stored.beta)


def read_facts(read: Reader, stored: Stored, network: FlowNetwork) -> GraphFacts:
    """The graph facts at the network's own beta."""
    modularity = read.row(
        "MATCH (a:Analysis {network: $network}) RETURN a.modularity", network=stored.network
    )
    rows = read.rows(
        "MATCH (n:Neuron {network: $network})"
        " RETURN n.betweenness, n.betweenness_weighted, coalesce(n.community, -1) ORDER BY n.number",
        network=stored.network,
    )
    if modularity is None or len(rows) != network.neurons_total:
        raise AnalysisNotStored("the network was deleted while it was read")
    betweenness, weighted, community = zip(*rows, strict=True)
    cuts = network.offsets[1:]
    return GraphFacts(
        betweenness=tuple(np.split(np.array(betweenness, dtype=np.float64), cuts)),
        betweenness_weighted=tuple(np.split(np.array(weighted, dtype=np.float64), cuts)),
        community=tuple(np.split(np.array(community, dtype=np.int64), cuts)),
        modularity=modularity[0],
    )


def facts_at(network: FlowNetwork, facts: GraphFacts) -> dict[str, Any]:
    """What depends on beta, as lists over all neurons."""
    out_flow, in_flow = flows(network)
    return {
        "betweenness": np.concatenate(facts.betweenness).tolist(),
        "betweenness_weighted": np.concatenate(facts.betweenness_weighted).tolist(),
        "community": [None if c < 0 else int(c) for c in np.concatenate(facts.community)],
        "out_flow": plain(np.concatenate(out_flow)),
        "in_flow": plain(np.concatenate(in_flow)),
    }


def _chunks(read: Reader, stored: Stored) -> Iterator[Chunk]:
    """A few at a time, so that the driver never holds many."""
    for first in count(0, CHUNKS_AT_ONCE):
        rows = read.rows(
            "MATCH (c:Chunk {network: $network}) WHERE $first <= c.number AND c.number < $last"
            " RETURN c.name, c.data ORDER BY c.number",
            network=stored.network,
            first=first,
            last=first + CHUNKS_AT_ONCE,
        )
        yield from ((name, bytes(data)) for name, data in rows)
        if len(rows) < CHUNKS_AT_ONCE:
            return
