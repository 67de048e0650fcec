"""Is the server one that this store can work on?"""

import re

from service.stores.neo4j_connection import Connection
from service.stores.protocol import StoreUnavailable

OLDEST = (5, 26)


def check_server(connection: Connection) -> None:
    """Raise StoreUnavailable, saying what to do, for an older Neo4j or one without GDS."""
    with connection.reading(10) as read:
        ((version,),) = read.rows(
            "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0]"
        )
        found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        if found < OLDEST:
            raise StoreUnavailable(f"Neo4j {version} is too old; the store needs 5.26 or newer")
        present = read.row("SHOW PROCEDURES YIELD name WHERE name = 'gds.graph.drop' RETURN name")
    if present is None:
        raise StoreUnavailable(
            "Neo4j has no procedure gds.graph.drop: install Graph Data Science (the plugin for its version)"
            " and allow gds.* in dbms.security.procedures.unrestricted"
        )
