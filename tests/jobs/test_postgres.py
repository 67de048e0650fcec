"""The queue in Postgres: the same jobs, and a server that goes away in the middle of one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.jobs.database import QueueUnavailable, migrate_queue
from service.jobs.queue import JobQueue
from tests.jobs.jobs_here import JobsHere, wait_for
from tests.jobs.postgres_server import PostgresServer, binaries

pytestmark = pytest.mark.skipif(
    binaries() is None, reason="Postgres is not installed (apt-get install postgresql)"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    programs = binaries()
    assert programs is not None
    server = PostgresServer(tmp_path / "postgres", programs)
    yield server
    server.stop()


def test_jobs_run_survive_a_restart_of_the_server_and_a_killed_worker(server, tmp_path):
    jobs = JobsHere(tmp_path / "jobs", NIF_QUEUE=server.url)
    try:
        worker = jobs.worker()
        first = jobs.submit(seconds=8)
        jobs.wait_for_progress(first, 2)
        server.stop()
        with pytest.raises(QueueUnavailable) as caught:
            jobs.queue.depth()
        assert "nif@" not in str(caught.value)
        wait_for(lambda: "the job goes on" in jobs.log_text())
        server.start()
        jobs.wait(first, "done", 60)
        assert jobs.started() == 1, "the analysis went on while the queue was away"
        assert worker.poll() is None

        second = jobs.submit(seconds=5)
        jobs.wait_for_progress(second, 2)
        jobs.kill(worker)
        stopped = jobs.worker()
        assert jobs.wait(second, "done", 60).attempts == 2
        third = jobs.submit(seconds=60)
        jobs.wait_for_progress(third)
        jobs.queue.cancel(third)
        wait_for(jobs.nothing_left, 10)
        assert jobs.store.ids() == sorted([first, second])
        assert jobs.queue.statuses([first, second, third]) == dict.fromkeys([first, second], "done") | {
            third: "cancelled"
        }
        assert jobs.kill(stopped, signal.SIGTERM) == 0
    finally:
        jobs.close()


def test_a_newer_schema_is_refused(server, tmp_path):
    jobs = JobsHere(tmp_path / "jobs", NIF_QUEUE=server.url)
    try:
        jobs.queue.ping()
        with jobs.queue._engine.begin() as connection:
            connection.execute(sa.text("UPDATE dbos.dbos_migrations SET version = version + 1"))
        for question in (jobs.queue.ping, lambda: migrate_queue(server.url)):
            with pytest.raises(QueueUnavailable, match=r"has schema \d+, .* newer"):
                question()
    finally:
        jobs.close()


def test_a_worker_waits_for_a_server_that_is_down_at_its_start(server, tmp_path):
    jobs = JobsHere(tmp_path / "jobs", NIF_QUEUE=server.url)
    try:
        analysis = jobs.submit()
        server.stop()
        jobs.worker(wait=False)
        wait_for(lambda: "the worker waits" in jobs.log_text())
        server.start()
        jobs.wait(analysis, "done", 60)
    finally:
        jobs.close()


def test_nothing_connects_before_the_first_question():
    JobQueue(f"postgresql://nif@127.0.0.1:1/nif{os.getpid()}").close()
