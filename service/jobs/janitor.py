"""Takes away what a job leaves that ended in another way than done: networks, studies, work folders.

A job can be cancelled between the store's commit and its own end; then what it stored is there and must go.
"""

import threading

import structlog

from service.jobs import work_folder
from service.jobs.database import QueueUnavailable
from service.jobs.runner import JobRunner
from service.stores.open import open_store
from service.stores.protocol import GraphStore, StoreUnavailable

log = structlog.get_logger()

LOOK_SECONDS = 1.0


def sweep_at_start(runner: JobRunner) -> None:
    """What workers left that were killed: folders of ended jobs, what cancelled ones stored."""

    def waiting_or_running(ids: object) -> set[str]:
        states = runner.queue.states(list(ids))  # type: ignore[call-overload]
        return {name for name, state in states.items() if state.status in ("queued", "running")}

    work_folder.sweep(runner.settings.work_dir, waiting_or_running)
    try:
        store = open_store(runner.settings.store)
        try:
            states = runner.queue.states([*store.ids(), *store.study_ids()])
            for job_id, state in states.items():
                if state.status == "cancelled":
                    _remove(store, job_id)
        finally:
            store.close()
    except StoreUnavailable as error:
        log.warning("store does not answer", reason=str(error))


def clean_up(runner: JobRunner) -> None:
    """One look at the jobs that this worker stored."""
    ids = list(runner.written)
    if not ids:
        return
    states = runner.queue.states(ids)
    for job_id in ids:
        state = states.get(job_id)
        if state is None or state.status == "cancelled":
            store = open_store(runner.settings.store)
            try:
                _remove(store, job_id)
            finally:
                store.close()
            log.info("result of a cancelled job removed", job=job_id)
        if state is None or state.status in ("done", "failed", "cancelled"):
            runner.written.discard(job_id)


def _remove(store: GraphStore, job_id: str) -> None:
    """Remove the network or the study of that id."""
    store.delete_study(job_id)
    store.delete(job_id)


def keep_clean(runner: JobRunner, stopping: threading.Event) -> None:
    """Run until `stopping`; for a thread of its own."""
    while not stopping.wait(LOOK_SECONDS):
        try:
            if runner.idle.is_set():
                clean_up(runner)
        except (QueueUnavailable, StoreUnavailable) as error:
            log.warning("clean-up waits", reason=str(error))
