"""The store that the command line keeps its networks in, and reads them from."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from estimator.errors import Unavailable
from service.stores.open import open_store
from service.stores.protocol import GraphStore, StoreUnavailable


@contextmanager
def opened(uri: str) -> Iterator[GraphStore]:
    """The store, migrated and reachable. Raises Unavailable with the reason."""
    try:
        store = open_store(uri)
        try:
            store.migrate()
            store.ping()
            yield store
        finally:
            store.close()
    except StoreUnavailable as error:
        raise Unavailable(f"the store: {error}") from error


def id_of(sha256: str) -> str:
    """The id of a network that came from no job: of its content, so that a repeat is not stored twice."""
    return str(uuid.UUID(bytes=bytes.fromhex(sha256)[:16], version=4))
