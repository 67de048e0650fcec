"""Studies in the embedded store."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from service.stores.protocol import AnalysisNotStored, StudyNotStored, StudyRow
from service.stores.study_documents import packed, unpacked, verdict_of


def insert(
    db: sqlite3.Connection, study_id: str, kind: str, analysis_ids: Sequence[str], document: Mapping[str, Any]
) -> None:
    """Nothing if the id is there. Raises AnalysisNotStored."""
    if db.execute("SELECT 1 FROM studies WHERE study_id = ?", (study_id,)).fetchone():
        return
    networks = []
    for analysis_id in analysis_ids:
        found = db.execute("SELECT number FROM networks WHERE analysis_id = ?", (analysis_id,)).fetchone()
        if found is None:
            raise AnalysisNotStored(f"no network of analysis {analysis_id[:100]!r} is stored")
        networks.append(found[0])
    number = db.execute(
        "INSERT INTO studies (study_id, kind, verdict, document) VALUES (?, ?, ?, ?)",
        (study_id, kind, verdict_of(document), packed(document)),
    ).lastrowid
    db.executemany(
        "INSERT INTO study_networks (study, position, network) VALUES (?, ?, ?)",
        [(number, position, network) for position, network in enumerate(networks)],
    )


def document(db: sqlite3.Connection, study_id: str) -> dict[str, Any]:
    row = db.execute("SELECT document FROM studies WHERE study_id = ?", (study_id,)).fetchone()
    if row is None:
        raise StudyNotStored(f"no study {study_id[:100]!r} is stored")
    return unpacked(row[0])


def rows(db: sqlite3.Connection, network: int) -> list[StudyRow]:
    """Those of one network, by id."""
    found: dict[str, StudyRow] = {}
    for study_id, kind, verdict, analysis_id in db.execute(
        """SELECT s.study_id, s.kind, s.verdict, n.analysis_id
        FROM studies s JOIN study_networks o ON o.study = s.number JOIN networks n ON n.number = o.network
        WHERE s.number IN (SELECT study FROM study_networks WHERE network = ?)
        ORDER BY s.study_id, o.position""",
        (network,),
    ):
        before = found[study_id].analyses if study_id in found else ()
        found[study_id] = StudyRow(study_id, kind, verdict, (*before, analysis_id))
    return list(found.values())


def verdicts(db: sqlite3.Connection, study_ids: Sequence[str]) -> dict[str, str | None]:
    """By id, of those that are there."""
    return dict(
        db.execute(
            "SELECT study_id, verdict FROM studies WHERE study_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(study_ids)),),
        ).fetchall()
    )


def delete_of_network(db: sqlite3.Connection, analysis_id: str) -> None:
    """All studies of a network, before it goes itself."""
    db.execute(
        """DELETE FROM studies WHERE number IN (SELECT o.study FROM study_networks o
        JOIN networks n ON n.number = o.network WHERE n.analysis_id = ?)""",
        (analysis_id,),
    )
