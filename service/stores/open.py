"""From the setting `store` to a store."""

from pathlib import Path

from estimator.errors import InvalidParameter
from estimator.options import refuse
from service.stores.embedded import EmbeddedStore
from service.stores.protocol import GraphStore

EMBEDDED = "embedded://"
NEO4J = tuple(f"{scheme}{security}://" for scheme in ("bolt", "neo4j") for security in ("", "+s", "+ssc"))


def open_store(uri: str) -> GraphStore:
    """The store at `embedded:///absolute/path/nif.db`; what follows `embedded://` is the path, verbatim.

    Or a Neo4j server at `bolt://HOST:PORT` or `neo4j://HOST:PORT` (see `service.stores.neo4j_login`).
    Creates nothing: `GraphStore.migrate` does. Raises InvalidParameter for any other URI, MissingExtra
    without Neo4j's driver.
    """
    if uri.startswith(NEO4J):
        from service.stores.neo4j_login import open_neo4j  # its driver is an extra

        return open_neo4j(uri)
    path = uri.removeprefix(EMBEDDED)
    if not uri.startswith(EMBEDDED) or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise _refused(uri)
    return EmbeddedStore(Path(path))


def _refused(uri: str) -> InvalidParameter:
    # a URI may carry a password, so only its scheme is shown
    scheme = uri.partition("://")[0][:20]
    return refuse("store", scheme, "embedded:// and an absolute path, as in embedded:///var/lib/nif/nif.db")
