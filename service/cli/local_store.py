"""The store that the command line keeps its networks in, and reads them from."""

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
