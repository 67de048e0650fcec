"""Workers as processes, killed and stopped in the middle of jobs; children are fakes, all else is real."""

import base64
import errno
import os
import pickle
import signal
import sqlite3
import time

import pytest

from estimator.progress import PHASES
from service.jobs import runner
from service.stores.open import open_store
from tests.jobs.jobs_here import JobsHere, wait_for


def test_a_job_killed_with_its_worker_is_completed_by_the_next_and_stored_once(jobs: JobsHere):
    worker = jobs.worker()
    analysis = jobs.submit(seconds=2)
    jobs.wait_for_progress(analysis, done=3)
    jobs.kill(worker)
    wait_for(lambda: not jobs.children(), 3)
    assert jobs.state(analysis).status == "running"
    jobs.worker()
    state = jobs.wait(analysis, "done")
    assert state.attempts == 2
    assert jobs.started() == 2
    assert jobs.store.ids() == [analysis]
    wait_for(jobs.nothing_left)


def test_a_worker_killed_between_the_commit_and_the_end_leaves_one_network_and_a_job_done(jobs: JobsHere):
    worker = jobs.worker(KILL_WORKER_AFTER_STORING="storing")
    analysis = jobs.submit()
    assert worker.wait(60) == -signal.SIGKILL
    assert jobs.store.ids() == [analysis]
    assert jobs.state(analysis).status == "running"
    jobs.worker()
    jobs.wait(analysis, "done")
    assert jobs.started() == 1, "the analysis was finished and is not done again"
    assert jobs.store.ids() == [analysis]
    wait_for(jobs.nothing_left)


def test_a_network_file_that_is_lost_between_the_steps_is_made_again(jobs: JobsHere):
    worker = jobs.worker(KILL_WORKER_AFTER_STORING="storing")
    analysis = jobs.submit()
    worker.wait(60)
    for file in jobs.settings.work_dir.rglob("network.nif"):
        file.write_bytes(file.read_bytes()[:-1])
    jobs.worker()
    jobs.wait(analysis, "done")
    assert jobs.started() == 2
    wait_for(jobs.nothing_left)


def test_while_the_store_is_down_jobs_wait_can_be_cancelled_and_are_finished_when_it_is_back(jobs: JobsHere):
    jobs.worker()
    jobs.wait(jobs.submit(), "done")
    store, away = jobs.folder / "network.db", jobs.folder / "away"
    jobs.store.close()
    away.mkdir()
    for path in jobs.folder.glob("network.db*"):
        path.rename(away / path.name)
    store.write_bytes(b"no database" * 1000)
    first, second = jobs.submit(), jobs.submit()
    wait_for(lambda: "the job waits" in jobs.log_text())
    assert jobs.state(first).status == "running"
    jobs.queue.cancel(first)
    wait_for(lambda: jobs.state(second).status == "running", 30)
    store.unlink()
    for path in away.iterdir():
        path.rename(jobs.folder / path.name)
    jobs.wait(second, "done")
    store_now = open_store(jobs.settings.store)
    assert second in store_now.ids()
    assert first not in store_now.ids()
    store_now.close()
    wait_for(jobs.nothing_left)


def test_progress_rises_and_never_falls_over_a_crash(jobs: JobsHere):
    worker = jobs.worker()
    analysis = jobs.submit(seconds=3)
    jobs.wait_for_progress(analysis, done=8)
    seen = [(PHASES.index("estimating"), jobs.state(analysis).done)]
    jobs.kill(worker)
    jobs.worker()
    etas = []
    while (state := jobs.state(analysis)).status in ("queued", "running"):
        if state.phase is not None:
            assert 0 <= state.done <= state.total
            seen.append((PHASES.index(state.phase), state.done))
            etas.append(state.eta_seconds)
        time.sleep(0.02)
    assert seen == sorted(seen)
    assert max(seen) >= (PHASES.index("estimating"), 15)
    assert all(eta >= 0 for eta in etas if eta is not None)
    assert any(eta for eta in etas)


def test_a_cancelled_job_is_gone_within_seconds_and_leaves_nothing(jobs: JobsHere):
    jobs.worker()
    analysis = jobs.submit(seconds=60)
    jobs.wait_for_progress(analysis)
    began = time.monotonic()
    assert jobs.queue.cancel(analysis).status == "cancelled"
    wait_for(jobs.nothing_left)
    assert time.monotonic() - began < 5
    assert jobs.store.ids() == []
    after = jobs.submit()
    jobs.wait(after, "done")
    assert jobs.state(analysis).status == "cancelled"
    assert jobs.store.ids() == [after]


def test_a_job_cancelled_while_it_waits_never_starts(jobs: JobsHere):
    analysis = jobs.submit()
    jobs.queue.cancel(analysis)
    after = jobs.submit()
    jobs.worker()
    jobs.wait(after, "done")
    assert jobs.state(analysis).status == "cancelled"
    assert jobs.started() == 1


def test_a_forgotten_job_is_stopped_and_leaves_nothing(jobs: JobsHere):
    jobs.worker()
    analysis = jobs.submit(seconds=60)
    jobs.wait_for_progress(analysis)
    jobs.queue.forget(analysis)
    wait_for(jobs.nothing_left)
    assert jobs.queue.state(analysis) is None
    assert jobs.store.ids() == []


def test_cancelling_at_any_moment_gives_one_final_state_and_a_network_only_if_done(jobs: JobsHere):
    jobs.worker()
    first, began = jobs.submit(seconds=0.05), time.monotonic()
    jobs.wait(first, "done")
    whole = time.monotonic() - began
    ended = {}
    for share in (0.2, 0.6, 0.8, 0.9, 1.0, 1.1, 2.5):
        analysis = jobs.submit(seconds=0.05)
        time.sleep(whole * share)
        ended[analysis] = jobs.queue.cancel(analysis).status
    assert set(ended.values()) <= {"done", "cancelled"}
    assert len(set(ended.values())) == 2, "the pauses hit one side only"
    jobs.wait(jobs.submit(), "done")
    done = sorted(a for a, status in ended.items() if status == "done")
    wait_for(lambda: [i for i in jobs.store.ids() if i in ended] == done, 30)
    assert {a: jobs.state(a).status for a in ended} == ended


def test_a_crashing_child_fails_its_job_once_and_the_next_job_runs(jobs: JobsHere):
    jobs.worker()
    bad, good = jobs.submit(behave="segfault"), jobs.submit()
    state = jobs.wait(bad, "failed")
    assert state.problem is not None
    assert state.problem["slug"] == "model-crashed"
    assert "SIGSEGV" in state.problem["detail"]
    jobs.wait(good, "done")
    assert jobs.started() == 2
    assert jobs.store.ids() == [good]
    wait_for(jobs.nothing_left)


def test_a_planted_pickle_fails_its_job_and_is_not_loaded(jobs: JobsHere):
    trap = jobs.folder / "trapped"

    class Trap:
        def __reduce__(self):
            return (trap.touch, ())

    analysis = jobs.submit()
    planted = base64.b64encode(pickle.dumps(Trap())).decode()
    with sqlite3.connect(jobs.folder / "queue.db") as db:
        db.execute("UPDATE workflow_input SET inputs = ?", (planted,))
        db.execute("UPDATE workflow_status SET serialization = 'py_pickle'")
    jobs.worker()
    jobs.wait(analysis, "failed")
    jobs.wait(jobs.submit(), "done")
    assert not trap.exists()


def test_a_job_whose_child_was_killed_is_tried_again_and_done(jobs: JobsHere):
    jobs.worker()
    analysis = jobs.submit(seconds=2)
    jobs.wait_for_progress(analysis, 3)
    jobs.children()[0].kill()
    jobs.wait(analysis, "done")
    assert jobs.started() == 2
    assert jobs.store.ids() == [analysis]


def test_a_job_whose_child_is_killed_each_time_fails_for_lack_of_memory_after_the_attempts(jobs: JobsHere):
    jobs.worker()
    bad, good = jobs.submit(behave="oom-killed"), jobs.submit()
    state = jobs.wait(bad, "failed")
    assert state.problem is not None
    assert state.problem["slug"] == "memory-limit"
    assert "MiB" in state.problem["detail"]
    assert jobs.started() == 3
    jobs.wait(good, "done")


@pytest.mark.parametrize(
    ("number", "slug"),
    [(errno.EAGAIN, "unavailable"), (errno.EMFILE, "unavailable"), (errno.ENOSPC, "storage-limit")],
)
def test_a_job_whose_process_cannot_be_begun_says_what_is_wanting(jobs: JobsHere, monkeypatch, number, slug):
    def begin(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    analysis = jobs.submit()
    with sqlite3.connect(jobs.folder / "queue.db") as db:
        db.execute("UPDATE workflow_status SET status = 'PENDING', executor_id = 'host-0'")
    db.close()
    monkeypatch.setattr(runner, "run_child", begin)
    answer = runner.JobRunner(jobs.settings, "host-0", jobs.queue).compute(analysis)
    assert answer["problem"]["slug"] == slug
    assert jobs.nothing_left()


def test_a_job_over_its_time_fails_and_the_next_runs(tmp_path):
    jobs = JobsHere(tmp_path, NIF_JOB_TIME_LIMIT="12")  # the good one needs 2 s and more on a busy machine
    try:
        jobs.worker()
        slow, good = jobs.submit(behave="sleeps"), jobs.submit()
        state = jobs.wait(slow, "failed")
        assert state.problem is not None
        assert state.problem["slug"] == "time-limit"
        jobs.wait(good, "done")
    finally:
        jobs.close()


def test_a_job_whose_worker_dies_each_time_is_given_up_after_the_attempts(jobs: JobsHere):
    analysis = jobs.submit(seconds=60)
    for attempt in (1, 2, 3):
        worker = jobs.worker(NIF_JOB_ATTEMPTS="3")
        wait_for(lambda n=attempt: jobs.started() == n)
        jobs.kill(worker)
    jobs.worker(NIF_JOB_ATTEMPTS="3")
    state = jobs.wait(analysis, "failed")
    assert state.problem is not None
    assert state.problem["slug"] == "model-crashed"
    assert jobs.started() == 3
    jobs.wait(jobs.submit(), "done")


def test_sigterm_gives_the_job_back_and_ends_the_worker_with_0(jobs: JobsHere):
    worker = jobs.worker()
    analysis = jobs.submit(seconds=3)
    jobs.wait_for_progress(analysis)
    assert jobs.kill(worker, signal.SIGTERM) == 0
    assert not jobs.children()
    assert jobs.state(analysis).status == "queued"
    jobs.worker()
    assert jobs.wait(analysis, "done").attempts == 1
    assert jobs.store.ids() == [analysis]


def test_a_job_enqueued_twice_runs_once(jobs: JobsHere):
    analysis = jobs.submit()
    jobs.queue.enqueue(analysis)
    jobs.worker()
    jobs.wait(analysis, "done")
    jobs.queue.enqueue(analysis)
    jobs.wait(jobs.submit(), "done")
    assert jobs.started() == 2
    assert jobs.state(analysis).status == "done"


def test_two_workers_share_the_jobs_and_none_runs_twice(jobs: JobsHere):
    analyses = [jobs.submit(seconds=0.2) for _ in range(5)]
    jobs.worker()
    jobs.worker()
    for analysis in analyses:
        jobs.wait(analysis, "done")
    assert jobs.started() == 5
    assert jobs.store.ids() == sorted(analyses)
    assert '"host-0"' in jobs.log_text()
    assert '"host-1"' in jobs.log_text()


def test_a_frozen_worker_loses_its_job_to_another_and_does_no_harm_when_it_wakes(tmp_path):
    jobs = JobsHere(tmp_path, NIF_WORKER_LOST_AFTER="5")
    try:
        frozen = jobs.worker()
        analysis = jobs.submit(seconds=2)
        jobs.wait_for_progress(analysis)
        frozen.send_signal(signal.SIGSTOP)
        jobs.worker()
        assert jobs.wait(analysis, "done").attempts == 2
        frozen.send_signal(signal.SIGCONT)
        wait_for(jobs.nothing_left)
        jobs.wait(jobs.submit(), "done")
        assert analysis in jobs.store.ids()
        assert jobs.state(analysis).status == "done"
        assert frozen.poll() is None
    finally:
        jobs.close()


def test_a_store_that_answers_and_cannot_do_it_fails_the_job_with_its_reason(jobs: JobsHere):
    jobs.worker()
    analysis = jobs.submit(behave="store fails")
    problem = jobs.wait(analysis, "failed").problem
    assert problem is not None
    assert problem["slug"] == "unavailable"
    assert "too little memory" in problem["detail"]
    assert jobs.started() == jobs.settings.job_attempts
