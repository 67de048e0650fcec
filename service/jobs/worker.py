"""A worker: takes analyses off the queue, one at a time, until it is told to stop."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

import structlog
from dbos import DBOS

from service.catalog import Catalog
from service.jobs.child import PROGRAM
from service.jobs.database import QueueUnavailable, migrate_queue, open_engine, sqlite_path
from service.jobs.janitor import clean_up, keep_clean, sweep_at_start
from service.jobs.protocol import APPLICATION, QUEUE, SERIALIZER, VERSION
from service.jobs.queue import JobQueue
from service.jobs.runner import JobRunner
from service.jobs.slot import take_slot
from service.jobs.takeover import watch_others
from service.jobs.workflow import register
from service.settings import Settings
from service.stores.open import open_store
from service.stores.protocol import StoreUnavailable
from service.temporary import check_temporary_folder

log = structlog.get_logger()

POLL_SECONDS = 0.25
STOP_SECONDS = 8.0
LONGEST_PAUSE = 30.0


def run_worker(settings: Settings, program: Sequence[str] = PROGRAM) -> None:
    """Work until SIGTERM or SIGINT, then end the process with 0; a job in progress goes back to the queue."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    _prepare(settings, asked)
    slot = take_slot(settings.data_dir / "workers")
    executor = f"{settings.worker_name}-{slot.number}"
    queue = JobQueue(settings.queue)
    runner = JobRunner(settings, executor, queue, program)
    _sweep(runner, asked)
    if not asked.is_set():
        _launch(settings, runner)
        log.info("worker ready", worker=executor)
        for target in (
            lambda: watch_others(queue, settings.worker_lost_after, asked),
            lambda: keep_clean(runner, asked),
        ):
            threading.Thread(target=target, daemon=True).start()
    asked.wait()
    _stop(runner)


def _prepare(settings: Settings, asked: threading.Event) -> None:
    """Migrate; wait for servers that do not answer. What is lost or wrong ends the worker with its reason."""
    os.umask(0o077)
    check_temporary_folder()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    Catalog(settings.catalog_path).migrate()
    pause = 1.0
    while not asked.is_set():
        try:
            migrate_queue(settings.queue)
            break
        except QueueUnavailable as error:
            if sqlite_path(settings.queue) is not None:
                raise
            log.warning("queue does not answer; the worker waits", reason=str(error))
            asked.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    try:
        store = open_store(settings.store)
        try:
            store.migrate()
        finally:
            store.close()
    except StoreUnavailable as error:
        log.warning("store does not answer; jobs will wait for it", reason=str(error))


def _sweep(runner: JobRunner, asked: threading.Event) -> None:
    while not asked.is_set():
        try:
            sweep_at_start(runner)
            return
        except QueueUnavailable as error:
            log.warning("queue does not answer; the worker waits", reason=str(error))
            asked.wait(2.0)


def _launch(settings: Settings, runner: JobRunner) -> None:
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": settings.queue,
            "system_database_engine": open_engine(settings.queue, pool_size=10),
            "application_version": VERSION,
            "executor_id": runner.executor,
            "serializer": SERIALIZER,
            "run_migrations": False,
            "enable_otlp": False,
            "log_level": "WARNING",
        }
    )
    register(runner, settings.job_attempts)
    DBOS.listen_queues([QUEUE])
    DBOS.launch()
    DBOS.register_queue(
        QUEUE, worker_concurrency=1, polling_interval_sec=POLL_SECONDS, on_conflict="always_update"
    )


def _stop(runner: JobRunner) -> None:
    """End the child, then the polling, then give the job back, in this order: nobody runs it twice."""
    runner.stopping.set()
    idle = runner.idle.wait(STOP_SECONDS)
    DBOS.destroy()
    try:
        if idle and runner.current is not None and runner.queue.give_back(runner.current):
            log.info("job given back", job=runner.current.analysis_id)
        clean_up(runner)
    except (QueueUnavailable, StoreUnavailable) as error:
        log.warning("stopped without a last word", reason=str(error))
    log.info("worker stopped", worker=runner.executor)
    sys.stderr.flush()
    # DBOS's threads wait for the outcome of a job that is no longer ours; they must not hold the exit up.
    os._exit(0)
