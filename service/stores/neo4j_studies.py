"""Studies in Neo4j: (:Study {id, kind, verdict})-[:OF {position}]->(:Analysis), and the document in chunks.

Written as a network is: a copy hangs on an `Unfinished` node until one last transaction makes it a `Study`.
That transaction holds the analyses, so that no study is finished of an analysis that is being deleted; and
deleting an analysis (neo4j_removal.py) hides its studies first. An `Unfinished` that stays behind is swept.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from neo4j.exceptions import ConstraintError

from service.stores.neo4j_chunks import CHUNK_BYTES
from service.stores.neo4j_connection import Connection, Reader
from service.stores.neo4j_removal import remove
from service.stores.protocol import AnalysisNotStored, StoreUnavailable, StudyNotStored, StudyRow
from service.stores.study_documents import packed, unpacked, verdict_of

_BEGIN = "CREATE (w:Unfinished {network: $copy, touched: timestamp()}) RETURN 1"
_CHUNK = """
MATCH (w:Unfinished {network: $copy}) SET w.touched = timestamp()
CREATE (:Chunk {network: $copy, number: $number, name: 'study', data: $data})
RETURN 1"""
_FINISH = """
UNWIND range(0, size($ids) - 1) AS position
MATCH (a:Analysis {id: $ids[position]})
SET a.network = a.network
WITH position, a WHERE a:Analysis
WITH collect({position: position, analysis: a}) AS sides WHERE size(sides) = size($ids)
MATCH (w:Unfinished {network: $copy})
SET w:Study, w += $properties
REMOVE w:Unfinished, w.touched
WITH w, sides UNWIND sides AS side
WITH w, side.position AS position, side.analysis AS a
CREATE (w)-[:OF {position: position}]->(a)
RETURN position"""
_HIDE = """
MATCH (s:Study {id: $id})
SET s:Unfinished, s.touched = 0
REMOVE s:Study, s.id
RETURN s.network"""


def write_study(
    connection: Connection,
    study_id: str,
    kind: str,
    analysis_ids: Sequence[str],
    document: Mapping[str, Any],
) -> None:
    """Raises AnalysisNotStored or StoreUnavailable, and then no study of that id has come to be."""
    data, copy = packed(document).encode(), uuid4().hex
    properties = {"id": study_id, "kind": kind, "verdict": verdict_of(document)}
    try:
        connection.write(_BEGIN, copy=copy)
        for number, start in enumerate(range(0, len(data), CHUNK_BYTES)):
            connection.write(_CHUNK, copy=copy, number=number, data=data[start : start + CHUNK_BYTES])
        done = connection.write(_FINISH, copy=copy, ids=list(analysis_ids), properties=properties)
    except ConstraintError:  # another worker was faster
        _remove(connection, copy)
        return
    except BaseException:
        _remove(connection, copy)
        raise
    if not done:
        _remove(connection, copy)
        raise AnalysisNotStored(f"an analysis of study {study_id[:100]!r} is not stored any more")


def document(read: Reader, study_id: str) -> dict[str, Any]:
    """The document; StudyNotStored also where it was deleted while it was read."""
    found = read.row("MATCH (s:Study {id: $id}) RETURN s.network", id=study_id)
    chunks = (
        []
        if found is None
        else read.rows("MATCH (c:Chunk {network: $copy}) RETURN c.data ORDER BY c.number", copy=found[0])
    )
    if read.row("MATCH (s:Study {id: $id}) RETURN 1", id=study_id) is None:
        raise StudyNotStored(f"no study {study_id[:100]!r} is stored")
    return unpacked(b"".join(bytes(data) for (data,) in chunks))


def rows(read: Reader, analysis_id: str) -> list[StudyRow]:
    """Those of one analysis, by id."""
    found = read.rows(
        "MATCH (s:Study) WHERE EXISTS { (s)-[:OF]->(:Analysis {id: $id}) }"
        " MATCH (s)-[o:OF]->(a:Analysis) WITH s, a ORDER BY o.position"
        " RETURN s.id, s.kind, s.verdict, collect(a.id) ORDER BY s.id",
        id=analysis_id,
    )
    return [StudyRow(study_id, kind, verdict, tuple(ids)) for study_id, kind, verdict, ids in found]


def delete_study(connection: Connection, study_id: str) -> None:
    for (copy,) in connection.write(_HIDE, id=study_id):
        remove(connection, copy)


def _remove(connection: Connection, copy: str) -> None:
    """Best effort: what cannot be removed now is swept later."""
    try:
        remove(connection, copy)
    except StoreUnavailable:
        return
