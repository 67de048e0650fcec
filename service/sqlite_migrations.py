"""Bring a SQLite file's schema up to date from migrations/<folder>/NNNN_name.sql.

Each file is applied whole or not at all: its statements, its record (name and sha256) and `user_version`
are one transaction, which takes the write lock first, so that two processes do not apply a file twice. A file
that was changed after it was applied is refused, and so is a schema that this version does not know.
"""

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from estimator.errors import Unavailable

WAIT_SECONDS = 30.0
_NAME = re.compile(r"[0-9]{4}_[a-z0-9_]+\.sql")
_RECORD = """CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT"""


class MigrationRefused(Unavailable):
    """The database's schema is not one that this version of the program can bring up to date."""


@dataclass(frozen=True)
class Migration:
    """One file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrate(database: Path, folder: str, *, dry_run: bool = False) -> list[str]:
    """Apply what is pending and return its names; with `dry_run` only look, creating and writing nothing.

    Raises MigrationRefused for a changed file, a newer schema, or a file that does not run; sqlite3.Error if
    the database cannot be read or written.
    """
    known = migrations(folder)
    if dry_run:
        return [migration.name for migration in _pending(known, _applied_in(database))]
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))
    applied = []
    with closing(sqlite3.connect(database, timeout=WAIT_SECONDS, isolation_level=None)) as db:
        _use_wal(db)
        while _pending(known, _applied(db)):  # a look needs no lock
            applied += _apply_next(db, known)
    return applied


def migrations(folder: str) -> list[Migration]:
    """The files of a folder, in order. Their number is the schema's version, SQLite's `user_version`."""
    found = [f for f in files("migrations").joinpath(folder).iterdir() if f.name.endswith(".sql")]
    for file in found:
        if not _NAME.fullmatch(file.name):
            raise MigrationRefused(f"migrations/{folder}/{file.name} is not named NNNN_name.sql")
    return [Migration(f.name, f.read_text(encoding="utf-8")) for f in sorted(found, key=lambda f: f.name)]


def _apply_next(db: sqlite3.Connection, known: list[Migration]) -> list[str]:
    """Apply the first pending file; none if another process was faster, which is seen under the lock."""
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute(_RECORD)
        applied = _applied(db)
        pending = _pending(known, applied)
        if pending:
            migration = pending[0]
            for statement in _statements(migration):
                _execute(db, migration, statement)
            record = (migration.name, migration.sha256, datetime.now(UTC).isoformat(timespec="seconds"))
            db.execute("INSERT INTO schema_migrations VALUES (?, ?, ?)", record)
            db.execute(f"PRAGMA user_version = {len(applied) + 1:d}")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return [pending[0].name] if pending else []


def _execute(db: sqlite3.Connection, migration: Migration, statement: str) -> None:
    """Run a statement that may not begin or end a transaction."""
    tried: list[int] = []

    def judge(action: int, *_: object) -> int:
        if action != sqlite3.SQLITE_TRANSACTION:
            return sqlite3.SQLITE_OK
        tried.append(action)
        return sqlite3.SQLITE_DENY

    db.set_authorizer(judge)
    try:
        db.execute(statement)
    except sqlite3.DatabaseError as error:
        if tried:
            raise MigrationRefused(
                f"{migration.name} begins or ends a transaction; it is applied in one already: take that out"
            ) from error
        raise
    finally:
        db.set_authorizer(None)


def _pending(known: list[Migration], applied: dict[str, str]) -> list[Migration]:
    for migration in known:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationRefused(
                f"{migration.name} was changed after it was applied: sha256 {applied[migration.name]} then, "
                f"{migration.sha256} now; put the file back and make the change in a new one"
            )
    unknown = sorted(set(applied) - {migration.name for migration in known})
    if unknown:
        raise MigrationRefused(
            f"the database has the migration {unknown[0]}, which this version does not know: it is newer; "
            "use the version that it was made with, or a later one"
        )
    pending = [migration for migration in known if migration.name not in applied]
    if pending and applied and pending[0].name < max(applied):
        raise MigrationRefused(f"{pending[0].name} is missing in the database, but {max(applied)} is there")
    return pending


def _applied(db: sqlite3.Connection) -> dict[str, str]:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").fetchone():
        return {}
    return dict(db.execute("SELECT name, sha256 FROM schema_migrations").fetchall())


def _applied_in(database: Path) -> dict[str, str]:
    """What a database has, without touching it; nothing if there is none."""
    if not database.exists():
        return {}
    uri = f"{database.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None)) as db:
        return _applied(db)


def _statements(migration: Migration) -> Iterator[str]:
    """The statements of a file, one by one: `executescript` would commit before the first."""
    statement = ""
    for piece in re.split(r"(?<=;)", migration.sql):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    rest = re.sub(r"--[^\n]*|/\*.*?\*/", "", statement, flags=re.DOTALL).strip()
    if rest:
        raise MigrationRefused(f"{migration.name} ends within a statement: {rest[:60]!r} has no ';'")


def _use_wal(db: sqlite3.Connection) -> None:
    """Readers do not wait for a writer. Two processes that switch at once get an error and not a wait."""
    deadline = time.monotonic() + WAIT_SECONDS
    while db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
