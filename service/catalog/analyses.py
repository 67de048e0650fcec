"""Analyses: what was asked for, under which idempotency key, and which deletions are not finished."""

import json
import sqlite3
import time
from dataclasses import asdict, dataclass

from estimator.data.table import TableFormat
from estimator.errors import NotFound
from estimator.options import Options
from service.catalog.database import Database, now
from service.catalog.records import AnalysisRecord
from service.errors import Conflict, IdempotencyMismatch


@dataclass(frozen=True)
class Idempotency:
    """A client's key for one request; fingerprint: a hash of what the request asks for."""

    key: str
    fingerprint: str
    seconds: int


class Analyses(Database):
    """The tables `analyses`, `idempotency_keys` and `deletions`."""

    def analysis(self, analysis_id: str, tenant: str | None = None) -> AnalysisRecord:
        """NotFound also for another tenant's; tenant None (the worker) finds every tenant's."""
        with self.reading() as db:
            row = db.execute(
                "SELECT * FROM analyses WHERE id = ? AND (? IS NULL OR tenant = ?)",
                (analysis_id, tenant, tenant),
            ).fetchone()
        if row is None:
            raise NotFound("There is no analysis of this id")
        return _record(row)

    def analyses(
        self,
        tenant: str,
        model: str | None,
        dataset: str | None,
        before: int | None,
        limit: int,
    ) -> list[AnalysisRecord]:
        """The newest first, older than number `before`."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT * FROM analyses WHERE tenant = ? AND (? IS NULL OR model_sha256 = ?) "
                "AND (? IS NULL OR dataset_sha256 = ?) AND (? IS NULL OR number < ?) "
                "ORDER BY number DESC LIMIT ?",
                (tenant, model, model, dataset, dataset, before, before, limit),
            ).fetchall()
        return [_record(row) for row in rows]

    def replay(self, tenant: str, idempotency: Idempotency) -> AnalysisRecord | None:
        """The analysis that this key made already, or None if the key is free."""
        with self.reading() as db:
            return find_replay(db, tenant, idempotency)

    def mark_enqueued(self, analysis_id: str) -> None:
        with self.writing() as db:
            db.execute("UPDATE analyses SET enqueued = 1 WHERE id = ?", (analysis_id,))

    def withdraw(self, analysis_id: str) -> None:
        """Take back an analysis that the queue did not take; its idempotency key is free again."""
        with self.writing() as db:
            db.execute("DELETE FROM idempotency_keys WHERE analysis_id = ?", (analysis_id,))
            db.execute("DELETE FROM analyses WHERE id = ? AND enqueued = 0", (analysis_id,))

    def not_enqueued(self) -> list[AnalysisRecord]:
        """Rows whose request died between the catalog and the queue, oldest first."""
        with self.reading() as db:
            rows = db.execute("SELECT * FROM analyses WHERE enqueued = 0 ORDER BY number").fetchall()
        return [_record(row) for row in rows]

    def forget_keys(self, seconds: float) -> int:
        """Remove idempotency keys older than so many seconds; returns how many."""
        with self.writing() as db:
            return db.execute(
                "DELETE FROM idempotency_keys WHERE created < ?", (time.time() - seconds,)
            ).rowcount

    def delete_analysis(self, tenant: str, analysis_id: str) -> None:
        """Remove the row and remember that its job and network are still to go (`finish_deletion`)."""
        with self.writing() as db:
            gone = db.execute("DELETE FROM analyses WHERE id = ? AND tenant = ?", (analysis_id, tenant))
            if gone.rowcount == 0:
                raise NotFound("There is no analysis of this id")
            db.execute(
                "INSERT INTO deletions (analysis_id, tenant, created_at) VALUES (?, ?, ?)",
                (analysis_id, tenant, now()),
            )

    def deletions(self) -> list[tuple[str, str]]:
        """Ids of deleted analyses of which something may be left, and when they were deleted."""
        with self.reading() as db:
            rows = db.execute("SELECT analysis_id, created_at FROM deletions ORDER BY created_at")
            return [(row[0], row[1]) for row in rows]

    def finish_deletion(self, analysis_id: str) -> None:
        with self.writing() as db:
            db.execute("DELETE FROM deletions WHERE analysis_id = ?", (analysis_id,))


def insert_analysis(
    db: sqlite3.Connection,
    analysis_id: str,
    tenant: str,
    model: str,
    dataset: str,
    table_format: TableFormat,
    options: Options,
    idempotency: Idempotency | None,
) -> AnalysisRecord:
    """A new row, and its key's. NotFound if model or dataset went away in the meantime."""
    try:
        db.execute(
            "INSERT INTO analyses "
            "(id, tenant, model_sha256, dataset_sha256, table_format, options, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                analysis_id,
                tenant,
                model,
                dataset,
                json.dumps(asdict(table_format)),
                json.dumps(options.as_dict()),
                now(),
            ),
        )
    except sqlite3.IntegrityError as error:
        raise NotFound("The model or the dataset was deleted while the analysis was being made") from error
    if idempotency is not None:
        db.execute(
            "INSERT OR REPLACE INTO idempotency_keys (tenant, key, fingerprint, analysis_id, created) "
            "VALUES (?, ?, ?, ?, ?)",
            (tenant, idempotency.key, idempotency.fingerprint, analysis_id, time.time()),
        )
    return _record(db.execute("SELECT * FROM analyses WHERE id = ?", (analysis_id,)).fetchone())


def find_replay(db: sqlite3.Connection, tenant: str, idempotency: Idempotency) -> AnalysisRecord | None:
    row = db.execute(
        "SELECT fingerprint, analysis_id FROM idempotency_keys WHERE tenant = ? AND key = ? AND created > ?",
        (tenant, idempotency.key, time.time() - idempotency.seconds),
    ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != idempotency.fingerprint:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used for another request; take a new key for a new request"
        )
    found = db.execute("SELECT * FROM analyses WHERE id = ?", (row["analysis_id"],)).fetchone()
    if found is None:
        raise Conflict(
            "The analysis that this Idempotency-Key made was deleted; take a new key for a new one"
        )
    return _record(found)


def _record(row: sqlite3.Row) -> AnalysisRecord:
    return AnalysisRecord(
        number=row["number"],
        id=row["id"],
        tenant=row["tenant"],
        model_sha256=row["model_sha256"],
        dataset_sha256=row["dataset_sha256"],
        table_format=TableFormat(**json.loads(row["table_format"])),
        options=Options.from_dict(json.loads(row["options"])),
        created_at=row["created_at"],
        enqueued=bool(row["enqueued"]),
    )
