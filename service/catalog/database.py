"""The catalog's SQLite file: how it is opened, and what a transaction is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from service.sqlite_migrations import migrate

BUSY_SECONDS = 15.0


def now() -> str:
    """The time as the catalog writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Database:
    """One SQLite file in WAL mode, a connection an operation: safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def migrate(self, *, dry_run: bool = False) -> list[str]:
        """Bring the schema up to date; returns the names of the migrations applied (or to apply)."""
        return migrate(self.path, "catalog", dry_run=dry_run)

    def ping(self) -> None:
        """Raise sqlite3.Error unless the file is there and answers."""
        with self.reading() as db:
            db.execute("SELECT count(*) FROM analyses").fetchone()

    def sizes(self) -> dict[str, int]:
        """Rows of each table, for tests and for an operator."""
        tables = ("models", "datasets", "analyses", "studies", "idempotency_keys", "deletions", "api_keys")
        with self.reading() as db:
            return {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}  # noqa: S608

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start, so that what it read stays true."""
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a file that was removed is an error, never a new empty catalog.
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")  # a 201 or 202 is durable
        return db
