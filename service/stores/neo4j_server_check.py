"""Is the server one that this store can work on?"""

import re

from service.stores.neo4j_connection import Connection
from service.stores.protocol import StoreUnavailable

OLDEST = (5, 26)
PROCEDURES = (
    "gds.graph.list", "gds.graph.drop", "gds.graph.relationships.toUndirected", "gds.betweenness.stream",
    "gds.leiden.stream", "gds.shortestPath.yens.stream",
)  # fmt: skip


def check_server(connection: Connection) -> None:
    """Raise StoreUnavailable, saying what to do, for an older Neo4j or one without GDS."""
    with connection.reading(10) as read:
        ((version,),) = read.rows(
            "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0]"
        )
        check_version(version)
        present = read.rows("SHOW PROCEDURES YIELD name WHERE name IN $names RETURN name", names=PROCEDURES)
    missing = set(PROCEDURES) - {name for (name,) in present}
    if missing:
        raise StoreUnavailable(
            f"Neo4j has no procedure {min(missing)}: install Graph Data Science (the plugin for its version)"
            " and allow gds.* in dbms.security.procedures.unrestricted"
        )


def check_version(version: str) -> None:
    """version: as the server calls itself, such as 5.26.24 or 2025.06.0."""
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if found < OLDEST:
        raise StoreUnavailable(f"Neo4j {version} is too old; the store needs 5.26 or newer")
