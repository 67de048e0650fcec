"""Talk to a Neo4j server: constant Cypher and parameters, a timeout on everything, errors in words.

Reads use read access mode. Nothing is retried here: when a connection breaks at a commit, nobody knows
whether it happened, and a batch must not be written twice. A job is tried again as a whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from urllib.parse import urlsplit

from neo4j import READ_ACCESS, WRITE_ACCESS, GraphDatabase, Result, Transaction
from neo4j.exceptions import (
    ClientError,
    ConfigurationError,
    ConstraintError,
    DatabaseError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    TransientError,
)

from service.stores.protocol import StoreFailed, StoreUnavailable

READ_SECONDS = 60.0
WRITE_SECONDS = 120.0


class Deadlock(StoreUnavailable):
    """Two transactions waited for each other: this one was undone whole, the other one goes on."""


class Unspoken(list[Any]):
    """A list that the driver does not spell out: it makes a text of all parameters, whether it logs or not.

    Of many numbers that took longer than sending them did.
    """

    def __repr__(self) -> str:
        return f"<{len(self)} items>"


class Reader:
    """Queries inside one read transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def rows(self, cypher: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(record.values()) for record in self.stream(cypher, **parameters)]

    def stream(self, cypher: LiteralString, **parameters: Any) -> Result:
        return self._transaction.run(cypher, _unspoken(parameters))

    def row(self, cypher: LiteralString, **parameters: Any) -> tuple[Any, ...] | None:
        found = self.rows(cypher, **parameters)
        return found[0] if found else None


class Connection:
    """A driver for one database; threads may share it. Connects at the first query."""

    def __init__(self, uri: str, user: str, password: str, database: str | None = None) -> None:
        parts = urlsplit(uri)
        self._uri = (
            f"{parts.scheme}://{parts.hostname}:{parts.port or 7687}"  # never with what is before the @
        )
        self.database = database
        try:
            self.driver = GraphDatabase.driver(
                uri,
                auth=(user, password),
                connection_timeout=5,
                connection_acquisition_timeout=15,
                liveness_check_timeout=2,  # a server that was restarted is noticed before a query fails
                telemetry_disabled=True,
                notifications_min_severity="OFF",
                user_agent="neural-information-flow",
            )
        except (ConfigurationError, ValueError) as error:
            raise StoreUnavailable(f"the URI of the Neo4j store cannot be used: {error}") from error

    @contextmanager
    def reading(self, seconds: float = READ_SECONDS) -> Iterator[Reader]:
        """Queries that see the database in one transaction of at most that long."""
        with (
            self.errors(),
            self._session(READ_ACCESS) as session,
            session.begin_transaction(timeout=seconds) as transaction,
        ):
            yield Reader(transaction)

    def write(self, cypher: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
        """One statement in a transaction of its own, committed; its rows."""
        with (
            self.errors(),
            self._session(WRITE_ACCESS) as session,
            session.begin_transaction(timeout=WRITE_SECONDS) as transaction,
        ):
            rows = [tuple(record.values()) for record in transaction.run(cypher, _unspoken(parameters))]
            transaction.commit()
            return rows

    def close(self) -> None:
        self.driver.close()

    def _session(self, mode: str) -> Any:
        return self.driver.session(default_access_mode=mode, database=self.database, fetch_size=2_000)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Errors of the driver and the server as StoreUnavailable, and as StoreFailed those of a server that
        answers and could not do it. A broken constraint passes as it is.
        """
        try:
            yield
        except ConstraintError:
            raise
        except ServiceUnavailable as error:
            raise StoreUnavailable(f"Neo4j at {self._uri} cannot be reached: {error}") from error
        except ClientError as error:
            code = error.code or ""
            if code.startswith("Neo.ClientError.Security."):
                raise StoreUnavailable(
                    f"Neo4j at {self._uri} refuses user and password (NIF_NEO4J_USER, NIF_NEO4J_PASSWORD):"
                    f" {error.message}"
                ) from error
            if "TransactionTimedOut" in code:
                raise StoreFailed("Neo4j cut a query at its time limit; ask for less at once") from error
            raise StoreFailed(f"Neo4j refused a query: {error.message}") from error
        except TransientError as error:
            if error.code == "Neo.TransientError.Transaction.DeadlockDetected":
                raise Deadlock(f"Neo4j at {self._uri} undid a transaction of a deadlock") from error
            if "OutOfMemory" in (error.code or ""):  # called transient, and comes back every time
                raise StoreFailed(f"Neo4j has too little memory for it: {error.message}") from error
            raise StoreUnavailable(f"Neo4j at {self._uri} failed: {error}") from error
        except DatabaseError as error:
            raise StoreFailed(f"Neo4j at {self._uri} failed: {error.message} ({error.code})") from error
        except (Neo4jError, DriverError) as error:
            raise StoreUnavailable(f"Neo4j at {self._uri} failed: {error}") from error


def _unspoken(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: Unspoken(value) if type(value) is list else value for name, value in parameters.items()}
