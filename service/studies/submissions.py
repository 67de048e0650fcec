"""Asking for a study: checked, recorded, put into the queue; a 202 is durable, as an analysis's is.

1. Its analyses must be the tenant's and done, and two of them of one architecture.
2. One transaction records the study and its Idempotency-Key.
3. The queue takes it; see service/submissions.py for what heals a crash in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from estimator.errors import NotFound, Place
from service.analyses import cancel_job, stop_jobs
from service.catalog import StudyRecord
from service.catalog.studies import find_study_replay, insert_study
from service.errors import Conflict
from service.jobs.state import JobState
from service.parts import Parts
from service.studies.architecture import check_alike
from service.studies.kinds import KindName
from service.submissions import enqueue, idempotency_of, refuse_when_full

_ASK_AGAIN = {
    "queued": "ask again when it is done",
    "running": "ask again when it is done",
    "failed": "its problem says why; analyse again first",
    "cancelled": "analyse again first",
}


@dataclass(frozen=True)
class Named:
    """An analysis that a request names, and the field that names it; None where the URL does."""

    analysis_id: str
    field: str | None = None


def submit_study(
    parts: Parts,
    tenant: str,
    kind: KindName,
    of: Sequence[Named],
    options: Mapping[str, Any],
    idempotency_key: str | None,
) -> StudyRecord:
    """A study of finished analyses. NotFound, Conflict where one is not done, RateLimited.

    InvalidParameter for two analyses of different architectures.
    """
    ids = [named.analysis_id for named in of]
    meaning = {"study": kind, "analyses": ids, "options": dict(options)}
    idempotency = idempotency_of(idempotency_key, meaning, parts.limits) if idempotency_key else None
    known = parts.catalog.study_replay(tenant, idempotency) if idempotency else None
    if known is None:
        for named in of:
            _check_done(parts, tenant, kind, named)
        if len(of) > 1:
            check_alike(parts.store, ids[0], ids[1], field=str(of[1].field))
        refuse_when_full(parts, tenant)
        with parts.catalog.writing() as db:
            known = find_study_replay(db, tenant, idempotency) if idempotency else None
            if known is None:
                other = ids[1] if len(ids) > 1 else None
                known = insert_study(db, str(uuid4()), tenant, kind, ids[0], other, options, idempotency)
    return enqueue(parts, known)


def cancel_study(parts: Parts, tenant: str, kind: KindName, study_id: str) -> JobState:
    """Stop a queued or running study. Conflict when it is done or failed; cancelling twice is no error."""
    return cancel_job(parts, parts.catalog.study(study_id, tenant, kind), kind)


def delete_study(parts: Parts, tenant: str, kind: KindName, study_id: str) -> None:
    """Remove a study with its document and its job; a running one is cancelled."""
    parts.catalog.study(study_id, tenant, kind)
    before = parts.queue.states([study_id])
    parts.catalog.delete_study(tenant, study_id)
    stop_jobs(parts, [study_id], before)


def _check_done(parts: Parts, tenant: str, kind: KindName, named: Named) -> None:
    try:
        parts.catalog.analysis(named.analysis_id, tenant)
    except NotFound as error:
        if named.field is None:
            raise
        detail = f"{named.field}: there is no analysis of this id"
        raise NotFound(detail, errors=[Place(detail, field=named.field)]) from error
    state = parts.queue.state(named.analysis_id)
    status = "queued" if state is None else state.status
    if status != "done":
        article = "an" if kind[0] in "aeiou" else "a"
        detail = f"The analysis is {status}, and {article} {kind} is of a finished one; {_ASK_AGAIN[status]}"
        raise Conflict(detail, errors=[Place(detail, field=named.field)] if named.field else ())
