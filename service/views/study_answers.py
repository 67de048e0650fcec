"""Studies with their jobs' states, straight to plain values."""

from typing import Any

from estimator.errors import Unavailable
from service.catalog import StudyRecord
from service.errors import Conflict
from service.jobs.state import JobState
from service.parts import Parts
from service.stores.protocol import StoreUnavailable, StudyNotStored
from service.views.catalog import SCANNED_AT_ONCE, Json, Listing, job_fields

# How a kind's answers name what it is of.
SIDES = {
    "ablation": ("analysis",),
    "comparison": ("analysis",),
    "diff": ("base", "head"),
    "audit": ("analysis", "baseline"),
}
MOST_SECTIONS = 50  # studies that one report shows, the newest


def study(parts: Parts, tenant: str, kind: str, study_id: str) -> Json:
    """A study with its job's state; with its document when it is done."""
    record = parts.catalog.study(study_id, tenant, kind)
    state = parts.queue.state(study_id)
    found = _study(record, state, None)
    if state is not None and state.status == "done":
        document = _document(parts, study_id)
        found |= {"verdict": document.get("verdict"), "document": document}
    return found


def studies(
    parts: Parts,
    tenant: str,
    kind: str,
    *,
    analysis: str | None = None,
    model: str | None = None,
    status: str | None = None,
    after: tuple[Any, ...] | None = None,
    limit: int,
) -> Listing:
    """The newest first, without documents. The queue knows the statuses: rows are read until a page is full.

    analysis, model: one of those that a study is of. NotFound for an analysis that is not the tenant's.
    """
    if analysis is not None:
        parts.catalog.analysis(analysis, tenant)
    before = after[0] if after else None
    found: list[tuple[StudyRecord, JobState | None]] = []
    while len(found) <= limit:
        rows = parts.catalog.studies(
            tenant, kind, analysis=analysis, model=model, before=before, limit=SCANNED_AT_ONCE
        )
        states = parts.queue.states([row.id for row in rows])
        for row in rows:
            state = states.get(row.id)
            if status in (None, "queued" if state is None else state.status):
                found.append((row, state))
        if len(rows) < SCANNED_AT_ONCE:
            break
        before = rows[-1].number
    more = (found[limit - 1][0].number,) if len(found) > limit else None
    verdicts = _verdicts(parts, [row.id for row, _ in found[:limit]]) if kind == "audit" else {}
    return Listing([_study(row, state, verdicts.get(row.id)) for row, state in found[:limit]], more, None)


def finished_document(parts: Parts, tenant: str, kind: str, study_id: str) -> dict[str, Any]:
    """The document of a study that is the tenant's (else NotFound) and done (else Conflict)."""
    parts.catalog.study(study_id, tenant, kind)
    state = parts.queue.state(study_id)
    status = "queued" if state is None else state.status
    if status != "done":
        raise Conflict(f"The {kind} is {status}; what it found can be read when it is done")
    return _document(parts, study_id)


def finished_studies(
    parts: Parts, tenant: str, analysis_id: str
) -> tuple[list[tuple[StudyRecord, dict[str, Any]]], int]:
    """The newest studies of an analysis that are done, with their documents, the oldest of these first.

    And how many older ones are left out.
    """
    records = parts.catalog.studies(tenant, None, analysis=analysis_id)
    states = parts.queue.states([record.id for record in records])
    done = [r for r in records if (state := states.get(r.id)) is not None and state.status == "done"]
    found = []
    for record in reversed(done[:MOST_SECTIONS]):
        try:
            found.append((record, parts.store.study(record.id)))
        except StudyNotStored:
            continue  # deleted at this moment
    return found, max(0, len(done) - MOST_SECTIONS)


def _document(parts: Parts, study_id: str) -> dict[str, Any]:
    try:
        return parts.store.study(study_id)
    except StudyNotStored as error:
        raise Unavailable(
            "The study is done, and its document is not in the store: the store was put back from an older "
            "backup, or the study is being deleted"
        ) from error


def _verdicts(parts: Parts, ids: list[str]) -> dict[str, str | None]:
    """By id; nothing while the store cannot be reached: the statuses do not depend on it."""
    try:
        return parts.store.verdicts(ids)
    except StoreUnavailable:
        return {}


def _study(record: StudyRecord, state: JobState | None, verdict: str | None) -> dict[str, Any]:
    sides = (record.analysis_id, record.other_analysis_id)[: len(SIDES[record.kind])]
    found = {"id": record.id, "kind": record.kind, **job_fields(state)}
    found |= dict(zip(SIDES[record.kind], sides, strict=True))
    options = dict(record.options)
    if record.kind == "audit":
        found |= {"policy": options["policy"], "verdict": verdict}
    else:
        found["options"] = options
    return found | {"created_at": record.created_at}
