"""Stopping and removing analyses, and what all jobs share in that."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from estimator.errors import NotFound
from service.catalog import AnalysisRecord, StudyRecord
from service.errors import Conflict
from service.jobs.state import JobState
from service.parts import Parts
from service.stores.protocol import GraphStore

# A worker stops a cancelled job within ten seconds; until then it may still write what it made.
GRACE_SECONDS = 120.0


def cancel_analysis(parts: Parts, tenant: str, analysis_id: str) -> JobState:
    """Stop a queued or running analysis. Conflict when it is done or failed; cancelling twice is no error."""
    return cancel_job(parts, parts.catalog.analysis(analysis_id, tenant), "analysis")


def delete_analysis(parts: Parts, tenant: str, analysis_id: str) -> None:
    """Remove an analysis with its network, its job and its studies; what runs of these is cancelled.

    From now on nobody sees it. What a worker may still write is removed by `finish_deletions`: at the next
    start, or after the next deletion.
    """
    parts.catalog.analysis(analysis_id, tenant)
    studies = parts.catalog.studies(tenant, None, analysis=analysis_id)
    before = parts.queue.states([analysis_id, *(study.id for study in studies)])
    stop_jobs(parts, parts.catalog.delete_analysis(tenant, analysis_id), before)


def cancel_job(parts: Parts, record: AnalysisRecord | StudyRecord, noun: str) -> JobState:
    """Stop a queued or running job. Conflict when it is done or failed; cancelling twice is no error."""
    if not record.enqueued:
        parts.queue.enqueue(record.id, record.tenant)
        parts.catalog.mark_enqueued(record.id)
    state = parts.queue.cancel(record.id)
    if state.status != "cancelled":
        raise Conflict(f"The {noun} is {state.status} and cannot be cancelled any more")
    return state


def stop_jobs(parts: Parts, ids: Sequence[str], before: Mapping[str, JobState]) -> None:
    """Cancel jobs whose rows are gone and remove what they stored. before: their states until then."""
    for job_id in ids:
        state = before.get(job_id)
        try:
            parts.queue.cancel(job_id)
        except NotFound:
            state = None
        remove_stored(parts.store, job_id)
        if state is None or state.status in ("done", "failed"):
            _finish(parts, job_id)
    finish_deletions(parts)


def finish_deletions(parts: Parts, older_than: float = GRACE_SECONDS) -> int:
    """Remove what is left of jobs deleted so many seconds ago; returns how many."""
    due = [
        job_id
        for job_id, created_at in parts.catalog.deletions()
        if time.time() - datetime.fromisoformat(created_at).timestamp() >= older_than
    ]
    for job_id in due:
        remove_stored(parts.store, job_id)
        _finish(parts, job_id)
    return len(due)


def remove_stored(store: GraphStore, job_id: str) -> None:
    """Remove the network or the study of that id."""
    store.delete_study(job_id)
    store.delete(job_id)


def _finish(parts: Parts, job_id: str) -> None:
    parts.queue.forget(job_id)
    parts.catalog.finish_deletion(job_id)
