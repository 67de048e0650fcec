"""Models and datasets: which tenant has which file, and when a file may go."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from estimator.errors import NotFound
from service.blobs import Blobs, Staged
from service.catalog.database import Database, now
from service.catalog.records import Upload, UploadKind
from service.errors import InUse, QuotaExceeded

NOUN: dict[UploadKind, str] = {"models": "model", "datasets": "dataset"}


@dataclass(frozen=True)
class Quota:
    """What one tenant may have stored: models and datasets together."""

    files: int
    bytes: int


class Uploads(Database):
    """The tables `models` and `datasets`, alike in all but their names."""

    def add_upload(
        self,
        kind: UploadKind,
        tenant: str,
        blobs: Blobs,
        staged: Staged,
        description: Mapping[str, Any],
        quota: Quota,
    ) -> Upload:
        """Give the staged file its name and the tenant its row, in one step that a delete cannot split.

        QuotaExceeded, and nothing is kept, if the tenant may not have one more.
        """
        with self.writing() as db:
            check_quota(db, tenant, {kind: staged}, quota)
            blobs.keep(staged)
            return insert_upload(db, kind, tenant, staged, description)

    def upload(self, kind: UploadKind, tenant: str, sha256: str) -> Upload:
        """NotFound also for another tenant's."""
        with self.reading() as db:
            return select_upload(db, kind, tenant, sha256)

    def uploads(
        self, kind: UploadKind, tenant: str, before: int | None, limit: int
    ) -> tuple[list[Upload], int]:
        """The newest first, older than number `before`; and how many there are in all."""
        with self.reading() as db:
            rows = db.execute(
                f"SELECT * FROM {kind} WHERE tenant = ? AND (? IS NULL OR number < ?) "  # noqa: S608
                "ORDER BY number DESC LIMIT ?",
                (tenant, before, before, limit),
            ).fetchall()
            total = db.execute(f"SELECT count(*) FROM {kind} WHERE tenant = ?", (tenant,)).fetchone()[0]  # noqa: S608
        return [_upload(row) for row in rows], total

    def delete_upload(self, kind: UploadKind, tenant: str, sha256: str, blobs: Blobs) -> None:
        """InUse while an analysis names it. The file goes with the last row, of any tenant, that names it."""
        with self.writing() as db:
            select_upload(db, kind, tenant, sha256)
            try:
                db.execute(f"DELETE FROM {kind} WHERE tenant = ? AND sha256 = ?", (tenant, sha256))  # noqa: S608
            except sqlite3.IntegrityError as error:
                detail = f"The {NOUN[kind]} is used by an analysis; delete its analyses first"
                raise InUse(detail) from error
        # Committed first: a crash here leaves an orphan file for the sweep, never a row without its file.
        with self.writing() as db:
            if not _is_named(db, sha256):
                blobs.delete(sha256)

    def named_blobs(self) -> set[str]:
        """The hashes of all files that some row names."""
        with self.reading() as db:
            rows = db.execute("SELECT sha256 FROM models UNION SELECT sha256 FROM datasets")
            return {row[0] for row in rows}


def check_quota(
    db: sqlite3.Connection, tenant: str, files: Mapping[UploadKind, Staged], quota: Quota
) -> None:
    """QuotaExceeded if these would be too many, or too much; a file that the tenant has counts once."""
    new = {
        (kind, staged.blob.sha256): staged.blob.size
        for kind, staged in files.items()
        if not _has(db, kind, tenant, staged.blob.sha256)
    }
    number, size = len(new), sum(new.values())
    for kind in NOUN:
        query = f"SELECT count(*), coalesce(sum(size), 0) FROM {kind} WHERE tenant = ?"  # noqa: S608
        stored = db.execute(query, (tenant,)).fetchone()
        number, size = number + stored[0], size + stored[1]
    if new and (number > quota.files or size > quota.bytes):
        raise QuotaExceeded(
            f"With this you would have {number:,} files of {size:,} bytes stored; a tenant may have "
            f"{quota.files:,} files of {quota.bytes:,} bytes, see /v1/limits: delete models or datasets first"
        )


def _has(db: sqlite3.Connection, kind: UploadKind, tenant: str, sha256: str) -> bool:
    found = db.execute(f"SELECT 1 FROM {kind} WHERE tenant = ? AND sha256 = ?", (tenant, sha256))  # noqa: S608
    return found.fetchone() is not None


def insert_upload(
    db: sqlite3.Connection, kind: UploadKind, tenant: str, staged: Staged, description: Mapping[str, Any]
) -> Upload:
    """The tenant's row for that file: a new one, or the one that is there."""
    blob = staged.blob
    db.execute(
        f"INSERT INTO {kind} (tenant, sha256, size, description, created_at) VALUES (?, ?, ?, ?, ?) "  # noqa: S608
        "ON CONFLICT (tenant, sha256) DO NOTHING",
        (tenant, blob.sha256, blob.size, json.dumps(description), now()),
    )
    return select_upload(db, kind, tenant, blob.sha256)


def select_upload(db: sqlite3.Connection, kind: UploadKind, tenant: str, sha256: str) -> Upload:
    row = db.execute(
        f"SELECT * FROM {kind} WHERE tenant = ? AND sha256 = ?",  # noqa: S608
        (tenant, sha256),
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no {NOUN[kind]} of this id")
    return _upload(row)


def _is_named(db: sqlite3.Connection, sha256: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM models WHERE sha256 = ? UNION SELECT 1 FROM datasets WHERE sha256 = ?",
        (sha256, sha256),
    )
    return found.fetchone() is not None


def _upload(row: sqlite3.Row) -> Upload:
    return Upload(
        number=row["number"],
        tenant=row["tenant"],
        sha256=row["sha256"],
        size=row["size"],
        description=json.loads(row["description"]),
        created_at=row["created_at"],
    )
