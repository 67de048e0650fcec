"""Studies: what was asked for on which analyses."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from estimator.errors import NotFound
from service.catalog.database import Database, now
from service.catalog.jobs import Idempotency, find_made, keep_key, remember_deletion
from service.catalog.records import StudyRecord


class Studies(Database):
    """The table `studies`."""

    def study(self, study_id: str, tenant: str | None = None, kind: str | None = None) -> StudyRecord:
        """NotFound also for another tenant's or another kind; tenant None (the worker) finds all tenants'."""
        with self.reading() as db:
            row = db.execute(
                "SELECT * FROM studies WHERE id = ? AND (? IS NULL OR tenant = ?) "
                "AND (? IS NULL OR kind = ?)",
                (study_id, tenant, tenant, kind, kind),
            ).fetchone()
        if row is None:
            raise NotFound(f"There is no {kind or 'study'} of this id")
        return _record(row)

    def studies(
        self,
        tenant: str,
        kind: str | None,
        *,
        analysis: str | None = None,
        model: str | None = None,
        before: int | None = None,
        limit: int = -1,
    ) -> list[StudyRecord]:
        """The newest first, older than number `before`; analysis, model: one of those that it is of."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT * FROM studies s WHERE tenant = :tenant AND (:kind IS NULL OR kind = :kind) "
                "AND (:before IS NULL OR number < :before) "
                "AND (:analysis IS NULL OR :analysis IN (analysis_id, other_analysis_id)) "
                "AND (:model IS NULL OR EXISTS (SELECT 1 FROM analyses a WHERE a.model_sha256 = :model "
                "AND a.id IN (s.analysis_id, s.other_analysis_id))) ORDER BY number DESC LIMIT :limit",
                {
                    "tenant": tenant,
                    "kind": kind,
                    "analysis": analysis,
                    "model": model,
                    "before": before,
                    "limit": limit,
                },
            ).fetchall()
        return [_record(row) for row in rows]

    def study_replay(self, tenant: str, idempotency: Idempotency) -> StudyRecord | None:
        """The study that this key made already, or None if the key is free."""
        with self.reading() as db:
            return find_study_replay(db, tenant, idempotency)

    def delete_study(self, tenant: str, study_id: str) -> None:
        """Remove the row and remember that its job and document are still to go (`finish_deletion`)."""
        with self.writing() as db:
            gone = db.execute("DELETE FROM studies WHERE id = ? AND tenant = ?", (study_id, tenant))
            if gone.rowcount == 0:
                raise NotFound("There is no study of this id")
            remember_deletion(db, tenant, study_id)


def insert_study(
    db: sqlite3.Connection,
    study_id: str,
    tenant: str,
    kind: str,
    analysis_id: str,
    other_analysis_id: str | None,
    options: Mapping[str, Any],
    idempotency: Idempotency | None,
) -> StudyRecord:
    """A new row, and its key's. NotFound if an analysis went away in the meantime."""
    try:
        db.execute(
            "INSERT INTO studies "
            "(id, tenant, kind, analysis_id, other_analysis_id, options, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (study_id, tenant, kind, analysis_id, other_analysis_id, json.dumps(options), now()),
        )
    except sqlite3.IntegrityError as error:
        raise NotFound(f"The analysis was deleted while the {kind} was being made") from error
    if idempotency is not None:
        keep_key(db, tenant, idempotency, study_id)
    return _record(db.execute("SELECT * FROM studies WHERE id = ?", (study_id,)).fetchone())


def find_study_replay(db: sqlite3.Connection, tenant: str, idempotency: Idempotency) -> StudyRecord | None:
    found = find_made(db, tenant, idempotency, "studies")
    return None if found is None else _record(found)


def delete_studies_of(db: sqlite3.Connection, tenant: str, analysis_id: str) -> list[str]:
    """Remove all studies of an analysis, before its own row goes; returns their ids."""
    rows = db.execute(
        "DELETE FROM studies WHERE ? IN (analysis_id, other_analysis_id) RETURNING id", (analysis_id,)
    ).fetchall()
    for row in rows:
        remember_deletion(db, tenant, row["id"])
    return [row["id"] for row in rows]


def _record(row: sqlite3.Row) -> StudyRecord:
    return StudyRecord(
        number=row["number"],
        id=row["id"],
        tenant=row["tenant"],
        kind=row["kind"],
        analysis_id=row["analysis_id"],
        other_analysis_id=row["other_analysis_id"],
        options=json.loads(row["options"]),
        created_at=row["created_at"],
        enqueued=bool(row["enqueued"]),
    )
