"""The queue's database: how it is opened, and how it is made.

Opening never makes a file: a queue that was lost must not come back empty without a word.
"""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS
from dbos._migration import get_migration_versions, get_sqlite_migration_versions

from estimator.errors import InvalidParameter, Place, Unavailable

SQLITE = "sqlite:///"
BUSY_SECONDS = 10.0


class QueueUnavailable(Unavailable):
    """The database of the queue cannot be reached; the detail says why, without its password."""


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite queue, None for a server. InvalidParameter unless its path is absolute."""
    if not url.startswith("sqlite"):
        return None
    path = Path(url.removeprefix(SQLITE))
    if not url.startswith(SQLITE) or not path.is_absolute() or "?" in url:
        detail = "NIF_QUEUE must be of the form sqlite:////absolute/path/queue.db or postgresql://..."
        raise InvalidParameter(detail, errors=[Place(detail, field="NIF_QUEUE")])
    return path


def open_engine(url: str, pool_size: int = 5) -> sa.Engine:
    """An engine that has not connected yet. Given to DBOS, so that both sides open the database alike."""
    path = sqlite_path(url)
    if path is None:
        server = sa.make_url(url).set(drivername="postgresql+psycopg")
        return sa.create_engine(
            server,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "application_name": "nif"},
        )

    def connect() -> sqlite3.Connection:
        # mode=rw: the file must be there. IMMEDIATE, as DBOS does it, so that writers wait for each other.
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, check_same_thread=False
        )
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    return sa.create_engine(
        f"{SQLITE}{path}", creator=connect, poolclass=sa.QueuePool, pool_size=pool_size, max_overflow=0
    )


def reason(error: BaseException) -> str:
    """One line on why the database did not answer, for an operator; no URL and no password in it."""
    origin: Any = getattr(error, "orig", None) or error
    lines = str(origin).strip().splitlines() or [type(origin).__name__]
    return lines[0][:300]


def refuse_newer(engine: sa.Engine) -> None:
    """QueueUnavailable for tables that a later version has changed: what they mean now is not known here."""
    found, known = (
        get_sqlite_migration_versions(engine)
        if engine.dialect.name == "sqlite"
        else get_migration_versions(engine, "dbos", use_listen_notify=True)
    )
    if found > known:
        raise QueueUnavailable(
            f"The queue's database has schema {found}, and this version works with {known}: it is newer; use "
            "the version that it was made with, or a later one"
        )


def migrate_queue(url: str, *, dry_run: bool = False) -> list[str]:
    """Make or update the queue's tables. Returns what was done, or would be.

    QueueUnavailable if the file was there once and is gone or empty: restoring it is an operator's decision;
    and if its schema is newer than this version's.
    """
    path = sqlite_path(url)
    if path is None:
        return _migrate_server(url, dry_run)
    marker = path.with_name(path.name + ".made")
    new = not path.exists() or path.stat().st_size == 0
    if new and marker.exists():
        raise QueueUnavailable(
            f"The queue's database {path} was made before and is gone. Restore it from a backup, or remove "
            f"{marker} to begin with an empty queue (every job of the catalog is then run again)"
        )
    if dry_run and new:
        return ["queue: create"]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if not new:
            _refuse_newer_at(url)
        if dry_run:
            return []
        if new:
            with sqlite3.connect(path, timeout=30) as connection:
                path.chmod(0o600)
                connection.execute("PRAGMA journal_mode=WAL")
            connection.close()
        DBOS.migrate(url)
        marker.touch(mode=0o600)
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise QueueUnavailable(f"The queue's database {path} cannot be made: {reason(error)}") from error
    return ["queue: create"] if new else []


def _refuse_newer_at(url: str) -> None:
    engine = open_engine(url)
    try:
        refuse_newer(engine)
    finally:
        engine.dispose()


def _migrate_server(url: str, dry_run: bool) -> list[str]:
    try:
        if not dry_run:
            DBOS.migrate(url)
            _refuse_newer_at(url)
        return ["queue: tables of the server"]
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise QueueUnavailable(f"The queue's database server: {reason(error)}") from error
