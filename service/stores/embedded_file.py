"""The embedded store's SQLite file: how it is opened, and what is said when that fails."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from service.sqlite_migrations import MigrationRefused, migrate, migrations
from service.stores.protocol import StoreUnavailable

SCHEMA = "embedded"
READ_SECONDS = 10.0
WRITE_SECONDS = 60.0  # a network of some million edges may be before us
_REASONS = {
    sqlite3.SQLITE_BUSY: "another process has kept it locked for too long; try again",
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_READONLY: "it cannot be written; check the rights of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the rights of the file and its folder",
    sqlite3.SQLITE_IOERR: "the disk reports an error; check the disk and the room on it",
    sqlite3.SQLITE_CORRUPT: "it is damaged; put back a copy",
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database; put back a copy",
}


class EmbeddedFile:
    """Gives a connection an operation, so that threads and processes may share the file.

    A file that is not there is never made anew but by `migrate`. Raises StoreUnavailable with the reason.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._version = len(migrations(SCHEMA))

    def migrate(self, *, dry_run: bool) -> list[str]:
        with self._explained():
            return migrate(self.path, SCHEMA, dry_run=dry_run)

    def ping(self) -> None:
        """Read and, if nobody else is writing, take the right to write for a moment."""
        with self.reading() as db:
            db.execute("SELECT count(*) FROM networks").fetchone()
            db.execute("ROLLBACK")
            db.execute("PRAGMA busy_timeout = 0")
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the database, whatever is written meanwhile."""
        with self._explained(), closing(self._connect(READ_SECONDS)) as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def writing(self, seconds: float = WRITE_SECONDS) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start; whole or nothing."""
        with self._explained(), closing(self._connect(seconds)) as db:
            db.execute("PRAGMA synchronous = FULL")  # what was stored stays, also when the power fails
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")  # without it, closing takes everything back

    def _connect(self, seconds: float) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        db = sqlite3.connect(uri, uri=True, timeout=seconds, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA cache_size = -32768")  # KiB; a listing goes through the edges twice
            version = db.execute("PRAGMA user_version").fetchone()[0]
        except BaseException:
            db.close()
            raise
        if version != self._version:
            db.close()
            fix = "run `nif migrate`" if version < self._version else "use the newer version that made it"
            raise StoreUnavailable(
                f"the embedded store has schema {version}, this version works with {self._version}; {fix}"
            )
        return db

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except MigrationRefused as error:
            raise StoreUnavailable(f"the embedded store: {error.detail}") from error
        except OSError as error:
            raise StoreUnavailable(f"the embedded store cannot be made: {error.strerror}") from error
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError) and type(error) is not sqlite3.DatabaseError:
                raise  # a constraint: our mistake
            raise StoreUnavailable(f"the embedded store does not answer: {self._reason(error)}") from error

    def _reason(self, error: sqlite3.DatabaseError) -> str:
        if not self.path.exists():
            return "its file is not there; put it back, or run `nif migrate` to begin an empty one"
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return _REASONS.get(code, str(error))
