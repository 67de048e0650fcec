"""Projections of a network into GDS's memory, for as long as a question takes.

They live on the server's heap, outside of any transaction: each has a random name, is dropped in a finally,
and what a killed process left behind is dropped by the next one that projects. Neurons are projected in order
of their numbers, so that the same network gives the same answers: GDS breaks ties by that order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import uuid4

from service.stores.neo4j_connection import Connection, Reader
from service.stores.protocol import StoreUnavailable

GRAPH_SECONDS = 900.0  # of the algorithms on a large network, when it is written
_ABANDONED = 2 * GRAPH_SECONDS
PREFIX: LiteralString = "nif-"

# nif at any beta (DESIGN 1.3), of `r` that leaves `a`.
NIF: LiteralString = (
    "CASE WHEN r.q <= $alpha AND r.mi > $beta * a.redundancy THEN r.mi - $beta * a.redundancy ELSE 0.0 END"
)
_DROP: LiteralString = "CALL gds.graph.drop($name, false) YIELD graphName RETURN graphName"
_DROP_STALE: LiteralString = """
CALL gds.graph.list() YIELD graphName, creationTime
WITH graphName, creationTime WHERE graphName STARTS WITH $prefix
  AND creationTime < datetime() - duration({seconds: $age})
CALL gds.graph.drop(graphName, false) YIELD graphName AS gone
RETURN gone"""


@contextmanager
def projected(
    connection: Connection, read: Reader, cypher: LiteralString, **parameters: Any
) -> Iterator[str]:
    """The name of the projection that `cypher` makes as $name; gone at the end, whatever happens."""
    drop_stale(read, _ABANDONED)
    name = f"{PREFIX}{uuid4().hex}"
    try:
        read.rows(cypher, name=name, **parameters)
        yield name
    finally:
        _drop(connection, name)


def drop_stale(read: Reader, age: float) -> None:
    """Drop projections of this program that are older than `age` seconds, and so nobody's."""
    read.rows(_DROP_STALE, prefix=PREFIX, age=age)


def _drop(connection: Connection, name: str) -> None:
    # In a transaction of its own: that of the question may have been cut.
    try:
        with connection.reading(10) as read:
            read.rows(_DROP, name=name)
    except StoreUnavailable:
        return  # the server is away, and its heap with it; or the next projection drops it
