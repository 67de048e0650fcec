"""Communities at the network's own beta, as they are stored."""

from typing import LiteralString

from service.stores.neo4j_connection import Reader
from service.stores.neo4j_listing import Stored
from service.stores.protocol import Communities, Community

_MEMBERS: LiteralString = """
MATCH (n:Neuron {network: $network}) WHERE n.community IS NOT NULL
WITH n ORDER BY n.number
RETURN n.community AS community, collect(n.id) ORDER BY community"""


def stored_communities(read: Reader, stored: Stored) -> Communities:
    """In order of their numbers, which run from 0 as the flows do."""
    found = read.row(
        "MATCH (a:Analysis {network: $network}) RETURN a.modularity, a.community_flows",
        network=stored.network,
    )
    modularity, flows = found or (None, [])
    members = read.rows(_MEMBERS, network=stored.network)
    return Communities(
        tuple(
            Community(number, tuple(ids), flow) for (number, ids), flow in zip(members, flows, strict=True)
        ),
        modularity,
    )
