"""API keys: kept as the sha256 of 256 random bits, which needs no slow hash."""

import sqlite3

from estimator.errors import NotFound
from service.catalog.database import Database, now
from service.catalog.records import KeyRecord, Role


class Keys(Database):
    """The table `api_keys`."""

    def add_key(self, key_id: str, tenant: str, role: Role, name: str, sha256: str) -> KeyRecord:
        with self.writing() as db:
            db.execute(
                "INSERT INTO api_keys (id, tenant, role, name, sha256, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (key_id, tenant, role, name, sha256, now()),
            )
            return _key(db.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone())

    def key_of(self, sha256: str) -> KeyRecord | None:
        """The valid key with that hash; None if there is none or it was revoked."""
        with self.reading() as db:
            row = db.execute(
                "SELECT * FROM api_keys WHERE sha256 = ? AND revoked_at IS NULL", (sha256,)
            ).fetchone()
        return None if row is None else _key(row)

    def is_valid(self, key_id: str) -> bool:
        """Whether there is a key of that id that was not revoked."""
        with self.reading() as db:
            row = db.execute(
                "SELECT 1 FROM api_keys WHERE id = ? AND revoked_at IS NULL", (key_id,)
            ).fetchone()
        return row is not None

    def keys(self) -> list[KeyRecord]:
        with self.reading() as db:
            rows = db.execute("SELECT * FROM api_keys ORDER BY created_at, id").fetchall()
        return [_key(row) for row in rows]

    def any_key(self) -> bool:
        """Whether a key was ever made. A service with keys stays closed when its last one is revoked."""
        with self.reading() as db:
            return db.execute("SELECT 1 FROM api_keys LIMIT 1").fetchone() is not None

    def revoke_key(self, key_id: str) -> KeyRecord:
        """Revoking twice keeps the first time."""
        with self.writing() as db:
            db.execute(
                "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now(), key_id)
            )
            row = db.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
        if row is None:
            raise NotFound("There is no API key of this id; `nif keys list` shows them")
        return _key(row)


def _key(row: sqlite3.Row) -> KeyRecord:
    return KeyRecord(
        id=row["id"],
        tenant=row["tenant"],
        role=row["role"],
        name=row["name"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )
