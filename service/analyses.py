"""Stopping and removing analyses."""

import time
from datetime import datetime

from estimator.errors import NotFound
from service.errors import Conflict
from service.jobs.state import JobState
from service.parts import Parts

# A worker stops a cancelled job within ten seconds; until then it may still write the network.
GRACE_SECONDS = 120.0


def cancel_analysis(parts: Parts, tenant: str, analysis_id: str) -> JobState:
    """Stop a queued or running analysis. Conflict when it is done or failed; cancelling twice is no error."""
    record = parts.catalog.analysis(analysis_id, tenant)
    if not record.enqueued:
        parts.queue.enqueue(analysis_id)
        parts.catalog.mark_enqueued(analysis_id)
    state = parts.queue.cancel(analysis_id)
    if state.status != "cancelled":
        raise Conflict(f"The analysis is {state.status} and cannot be cancelled any more")
    return state


def delete_analysis(parts: Parts, tenant: str, analysis_id: str) -> None:
    """Remove an analysis with its network and its job; a running one is cancelled.

    From now on nobody sees it. What a worker may still write is removed by `finish_deletions`: at the next
    start, or after the next deletion.
    """
    parts.catalog.analysis(analysis_id, tenant)
    before = parts.queue.state(analysis_id)
    parts.catalog.delete_analysis(tenant, analysis_id)
    try:
        parts.queue.cancel(analysis_id)
    except NotFound:
        before = None
    parts.store.delete(analysis_id)
    if before is None or before.status in ("done", "failed"):
        _finish(parts, analysis_id)
    finish_deletions(parts)


def finish_deletions(parts: Parts, older_than: float = GRACE_SECONDS) -> int:
    """Remove what is left of analyses deleted so many seconds ago; returns how many."""
    due = [
        analysis_id
        for analysis_id, created_at in parts.catalog.deletions()
        if time.time() - datetime.fromisoformat(created_at).timestamp() >= older_than
    ]
    for analysis_id in due:
        parts.store.delete(analysis_id)
        _finish(parts, analysis_id)
    return len(due)


def _finish(parts: Parts, analysis_id: str) -> None:
    parts.queue.forget(analysis_id)
    parts.catalog.finish_deletion(analysis_id)
