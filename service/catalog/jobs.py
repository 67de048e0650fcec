"""What analyses and studies share as jobs: idempotency keys, the way into the queue, unfinished deletions."""

import sqlite3
import time
from dataclasses import dataclass

from service.catalog.database import Database, now
from service.errors import Conflict, IdempotencyMismatch

TABLES = ("analyses", "studies")


@dataclass(frozen=True)
class Idempotency:
    """A client's key for one request; fingerprint: a hash of what the request asks for."""

    key: str
    fingerprint: str
    seconds: int


class Jobs(Database):
    """The tables `idempotency_keys` and `deletions`, and the column `enqueued` of analyses and studies."""

    def mark_enqueued(self, job_id: str) -> bool:
        """False if the job was deleted meanwhile."""
        with self.writing() as db:
            marked = [
                db.execute(f"UPDATE {table} SET enqueued = 1 WHERE id = ?", (job_id,)).rowcount  # noqa: S608
                for table in TABLES
            ]
        return any(marked)

    def withdraw(self, job_id: str) -> None:
        """Take back a job that the queue did not take; its idempotency key is free again."""
        with self.writing() as db:
            db.execute("DELETE FROM idempotency_keys WHERE job_id = ?", (job_id,))
            for table in TABLES:
                db.execute(f"DELETE FROM {table} WHERE id = ? AND enqueued = 0", (job_id,))  # noqa: S608

    def not_enqueued(self) -> list[tuple[str, str]]:
        """Id and tenant of jobs whose request died between the catalog and the queue, oldest first."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT id, tenant FROM "
                "(SELECT id, tenant, created_at, number FROM analyses WHERE enqueued = 0 "
                "UNION ALL SELECT id, tenant, created_at, number FROM studies WHERE enqueued = 0) "
                "ORDER BY created_at, number"
            )
            return [(row[0], row[1]) for row in rows]

    def enqueued(self) -> list[tuple[str, str]]:
        """Id and tenant of all jobs that the queue took."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT id, tenant FROM analyses WHERE enqueued = 1 "
                "UNION ALL SELECT id, tenant FROM studies WHERE enqueued = 1"
            )
            return [(row[0], row[1]) for row in rows]

    def job_ids(self) -> set[str]:
        """The ids of all analyses and studies."""
        with self.reading() as db:
            return {row[0] for row in db.execute("SELECT id FROM analyses UNION ALL SELECT id FROM studies")}

    def forget_keys(self, seconds: float) -> int:
        """Remove idempotency keys older than so many seconds; returns how many."""
        with self.writing() as db:
            return db.execute(
                "DELETE FROM idempotency_keys WHERE created < ?", (time.time() - seconds,)
            ).rowcount

    def deletions(self) -> list[tuple[str, str]]:
        """Ids of deleted jobs of which something may be left, and when they were deleted."""
        with self.reading() as db:
            rows = db.execute("SELECT job_id, created_at FROM deletions ORDER BY created_at")
            return [(row[0], row[1]) for row in rows]

    def finish_deletion(self, job_id: str) -> None:
        with self.writing() as db:
            db.execute("DELETE FROM deletions WHERE job_id = ?", (job_id,))


def keep_key(db: sqlite3.Connection, tenant: str, idempotency: Idempotency, job_id: str) -> None:
    """Remember what the key made."""
    db.execute(
        "INSERT OR REPLACE INTO idempotency_keys (tenant, key, fingerprint, job_id, created) "
        "VALUES (?, ?, ?, ?, ?)",
        (tenant, idempotency.key, idempotency.fingerprint, job_id, time.time()),
    )


def find_made(
    db: sqlite3.Connection, tenant: str, idempotency: Idempotency, table: str
) -> sqlite3.Row | None:
    """The row that this key made already, or None if the key is free. table: one of TABLES."""
    row = db.execute(
        "SELECT fingerprint, job_id FROM idempotency_keys WHERE tenant = ? AND key = ? AND created > ?",
        (tenant, idempotency.key, time.time() - idempotency.seconds),
    ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != idempotency.fingerprint:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used for another request; take a new key for a new request"
        )
    found: sqlite3.Row | None = db.execute(
        f"SELECT * FROM {table} WHERE id = ?",  # noqa: S608
        (row["job_id"],),
    ).fetchone()
    if found is None:
        raise Conflict("What this Idempotency-Key made was deleted; take a new key for a new request")
    return found


def remember_deletion(db: sqlite3.Connection, tenant: str, job_id: str) -> None:
    """Its job and what it stored are still to go (`finish_deletion`)."""
    db.execute("INSERT INTO deletions (job_id, tenant, created_at) VALUES (?, ?, ?)", (job_id, tenant, now()))
