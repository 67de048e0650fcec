"""Take a network, or what is left of one, out of Neo4j.

Deleting makes the `Analysis` and its studies `Unfinished` copies first of all, so that no reader sees them,
and then removes these in batches. A removal that stops half way is resumed by the next sweep.
"""

from service.stores.neo4j_connection import Connection

BATCH = 10_000
CHUNKS_A_BATCH = 8

_HIDE = """
MATCH (a:Analysis {id: $analysis_id})
SET a:Unfinished, a.touched = 0
REMOVE a:Analysis, a.id
WITH a OPTIONAL MATCH (s:Study)-[:OF]->(a)
WITH a, collect(DISTINCT s) AS studies
FOREACH (s IN studies | SET s:Unfinished, s.touched = 0 REMOVE s:Study, s.id)
WITH [s IN studies | s.network] + [a.network] AS copies
UNWIND copies AS copy
RETURN copy"""
_STALE = "MATCH (w:Unfinished) WHERE w.touched < timestamp() - $age RETURN w.network"
# In this order, so that relationships go in bounded batches before the nodes that they hang on.
_REMOVALS = (
    "MATCH (:Neuron {network: $network})-[r:FLOWS_TO]->() WITH r LIMIT $batch DELETE r RETURN count(*)",
    "MATCH (:Probe {network: $network})-[r:INFORMS]->() WITH r LIMIT $batch DELETE r RETURN count(*)",
    "MATCH (n:Chunk {network: $network}) WITH n LIMIT $chunks DELETE n RETURN count(*)",
    "MATCH (n:Neuron {network: $network}) WITH n LIMIT $batch DETACH DELETE n RETURN count(*)",
    "MATCH (n:Probe {network: $network}) WITH n LIMIT $batch DETACH DELETE n RETURN count(*)",
    "MATCH (n:Layer {network: $network}) WITH n LIMIT $batch DETACH DELETE n RETURN count(*)",
)
_REMOVE_ROOT = """
MATCH (w:Unfinished {network: $network})
OPTIONAL MATCH (w)-[:OF_MODEL|ON_DATA]->(used)
WITH w, collect(used) AS files
DETACH DELETE w
WITH files UNWIND files AS file
WITH file WHERE NOT (file)<--()
DELETE file"""


def delete_network(connection: Connection, analysis_id: str) -> None:
    for (network,) in connection.write(_HIDE, analysis_id=analysis_id):
        remove(connection, network)


def sweep(connection: Connection, age: float) -> None:
    """Remove copies that nobody has touched for `age` seconds."""
    for (network,) in connection.write(_STALE, age=int(age * 1000)):
        remove(connection, network)


def remove(connection: Connection, network: str) -> None:
    """Remove an unfinished copy in batches; its root goes last, so that a removal can be resumed."""
    for statement in _REMOVALS:
        while connection.write(statement, network=network, batch=BATCH, chunks=CHUNKS_A_BATCH)[0][0]:
            pass
    connection.write(_REMOVE_ROOT, network=network)
