"""Analyses: what was asked for."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from estimator.data.table import TableFormat
from estimator.errors import NotFound
from estimator.options import Options
from service.catalog.database import Database, now
from service.catalog.jobs import Idempotency, find_made, keep_key, remember_deletion
from service.catalog.records import AnalysisRecord
from service.catalog.studies import delete_studies_of

# A tenant's, the newest first, of one model or dataset if asked, older than a number if given.
_LISTED = (
    "FROM analyses WHERE tenant = ? AND (? IS NULL OR model_sha256 = ?) "
    "AND (? IS NULL OR dataset_sha256 = ?) AND (? IS NULL OR number < ?) ORDER BY number DESC"
)


class Analyses(Database):
    """The table `analyses`."""

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
                f"SELECT * {_LISTED} LIMIT ?",
                (tenant, model, model, dataset, dataset, before, before, limit),
            ).fetchall()
        return [_record(row) for row in rows]

    def analysis_ids(
        self, tenant: str, model: str | None, dataset: str | None, before: int | None
    ) -> list[str]:
        """The ids of all of `analyses`: what a search through thousands of them needs."""
        with self.reading() as db:
            rows = db.execute(
                f"SELECT id {_LISTED}",
                (tenant, model, model, dataset, dataset, before, before),
            )
            return [row["id"] for row in rows]

    def analyses_of(self, ids: Sequence[str]) -> list[AnalysisRecord]:
        """Those of these ids that are there, the newest first."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT * FROM analyses WHERE id IN (SELECT value FROM json_each(?)) ORDER BY number DESC",
                (json.dumps(ids),),
            ).fetchall()
        return [_record(row) for row in rows]

    def replay(self, tenant: str, idempotency: Idempotency) -> AnalysisRecord | None:
        """The analysis that this key made already, or None if the key is free."""
        with self.reading() as db:
            return find_replay(db, tenant, idempotency)

    def delete_analysis(self, tenant: str, analysis_id: str) -> list[str]:
        """Remove the row and those of its studies; returns the ids of all, the analysis's own last.

        It is remembered that their jobs and what these stored are still to go (`finish_deletion`).
        """
        with self.writing() as db:
            found = db.execute("SELECT 1 FROM analyses WHERE id = ? AND tenant = ?", (analysis_id, tenant))
            if found.fetchone() is None:
                raise NotFound("There is no analysis of this id")
            studies = delete_studies_of(db, tenant, analysis_id)
            db.execute("DELETE FROM analyses WHERE id = ?", (analysis_id,))
            remember_deletion(db, tenant, analysis_id)
        return [*studies, analysis_id]


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
        keep_key(db, tenant, idempotency, analysis_id)
    return _record(db.execute("SELECT * FROM analyses WHERE id = ?", (analysis_id,)).fetchone())


def find_replay(db: sqlite3.Connection, tenant: str, idempotency: Idempotency) -> AnalysisRecord | None:
    found = find_made(db, tenant, idempotency, "analyses")
    return None if found is None else _record(found)


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
