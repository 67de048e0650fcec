"""Bring a Neo4j database's schema up to date with neo4j-python-migrations, and around its traps.

1. Two runners would both apply a file: a lock node is held, in an open transaction, while files are applied.
2. A last statement without `;` would be dropped and recorded as done, and a `;` in a text or a comment would
   end the statement: such files are refused.
3. A file that was changed after it was applied, or a newer schema, is refused with the version's name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import LiteralString

from neo4j.exceptions import DriverError, Neo4jError
from neo4j_python_migrations.analyzer import AnalyzingResult, InvalidVersionStatus
from neo4j_python_migrations.executor import Executor

from service.stores.neo4j_connection import Connection
from service.stores.protocol import StoreUnavailable

LOCK_SECONDS = 120.0
_LOCK_IS_ONE: LiteralString = (
    "CREATE CONSTRAINT schema_lock IF NOT EXISTS FOR (n:SchemaLock) REQUIRE n.name IS UNIQUE"
)
_REASONS = {
    InvalidVersionStatus.DIFFERENT: "was changed after it was applied",
    InvalidVersionStatus.MISSED_LOCALLY: "is of a newer version of this program; update the program",
    InvalidVersionStatus.MISSED_REMOTELY: "was left out although later ones were applied",
}


def migrate(connection: Connection, *, dry_run: bool = False) -> list[str]:
    """Apply what is pending and return its names; with `dry_run` only look. Raises StoreUnavailable."""
    with _executor(connection) as executor:
        pending = _pending(executor)
        if dry_run or not pending:
            return pending
        with _locked(connection):
            pending = _pending(executor)  # another process may have been faster
            executor.migrate()
            return pending


def check_schema(connection: Connection) -> None:
    """Raise StoreUnavailable unless the database has exactly the schema that this code knows."""
    with _executor(connection) as executor:
        pending = _pending(executor)
    if pending:
        raise StoreUnavailable(
            f"Neo4j's schema is behind: {', '.join(pending)} must be applied; run: nif migrate"
        )


def checked_statements(file: Path) -> None:
    """Refuse a migration that the runner would cut wrongly: it splits at each `;`, wherever it stands."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    for number, line in enumerate(lines, 1):
        if ";" in line[:-1] or (line.startswith("//") and ";" in line):
            raise StoreUnavailable(f"migrations/neo4j/{file.name} has a ; inside of line {number}")
    code = [line for line in lines if line and not line.startswith("//")]
    if not code or not code[-1].endswith(";"):
        raise StoreUnavailable(f"the last statement of migrations/neo4j/{file.name} does not end with ;")


@contextmanager
def _executor(connection: Connection) -> Iterator[Executor]:
    with as_file(files("migrations").joinpath("neo4j")) as folder:
        for file in folder.glob("*.cypher"):
            checked_statements(file)
        with connection.errors():
            yield Executor(connection.driver, folder, database=connection.database)


def _pending(executor: Executor) -> list[str]:
    found: AnalyzingResult = executor.analyze()
    for invalid in found.invalid_versions:
        raise StoreUnavailable(f"migration {invalid.version} of Neo4j's schema {_REASONS[invalid.status]}")
    return [str(migration.source) for migration in found.pending_migrations]


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    """Hold the lock node's write lock; the server gives it back when this process dies."""
    with connection.errors():
        connection.driver.execute_query(
            _LOCK_IS_ONE, database_=connection.database
        )  # tried again in a deadlock
    with (
        connection.driver.session(database=connection.database) as session,
        session.begin_transaction(timeout=LOCK_SECONDS) as held,
    ):
        try:
            held.run("MERGE (n:SchemaLock {name: 'migrate'}) SET n.taken = timestamp()").consume()
        except (Neo4jError, DriverError) as error:
            raise StoreUnavailable(f"another process is migrating Neo4j's schema: {error}") from error
        yield
        held.commit()
