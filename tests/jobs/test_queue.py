"""The API's side of the queue, without any worker."""

import base64
import pickle
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from estimator.errors import InvalidParameter, NotFound
from service.jobs.database import QueueUnavailable, migrate_queue
from service.jobs.queue import JobQueue


@pytest.fixture
def queue(tmp_path):
    url = f"sqlite:///{tmp_path}/queue.db"
    migrate_queue(url)
    queue = JobQueue(url)
    yield queue
    queue.close()


def test_a_job_waits_in_utc_and_is_counted(queue):
    queue.enqueue("a")
    queue.enqueue("b")
    state = queue.state("a")
    assert (state.status, state.phase, state.attempts, state.problem) == ("queued", None, 0, None)
    assert abs((datetime.now(UTC) - state.submitted_at).total_seconds()) < 60
    assert state.started_at is state.finished_at is None
    assert queue.depth() == 2
    assert set(queue.states(["a", "b", "c"])) == {"a", "b"}
    assert queue.states([]) == {}
    queue.cancel("b")
    assert queue.statuses(["c", "b", "a"]) == {"a": "queued", "b": "cancelled"}
    assert queue.statuses([]) == {}


def test_enqueuing_again_changes_nothing(queue):
    queue.enqueue("a")
    queue.cancel("a")
    queue.enqueue("a")
    assert queue.state("a").status == "cancelled"
    assert queue.depth() == 0


def test_cancelling_is_final_and_repeatable(queue):
    queue.enqueue("a")
    first = queue.cancel("a")
    assert first.status == "cancelled"
    assert queue.cancel("a") == first
    with pytest.raises(NotFound):
        queue.cancel("b")


def test_a_forgotten_job_is_unknown(queue):
    queue.enqueue("a")
    queue.forget("a")
    queue.forget("a")
    assert queue.state("a") is None


def test_many_states_are_one_quick_question(queue):
    ids = [f"job-{n}" for n in range(1200)]
    for analysis in ids:
        queue.enqueue(analysis)
    assert set(queue.states(ids)) == set(ids)


def test_tenants_take_turns_and_one_that_waits_is_never_overtaken_for_ever(queue, tmp_path):
    def serve() -> str:
        """What a worker does: the first by round and time, which is then done."""
        with sqlite3.connect(tmp_path / "queue.db") as db:
            [job] = db.execute(
                "SELECT workflow_uuid FROM workflow_status WHERE status = 'ENQUEUED' "
                "ORDER BY priority, created_at, rowid LIMIT 1"
            ).fetchone()
            db.execute("UPDATE workflow_status SET status = 'SUCCESS' WHERE workflow_uuid = ?", (job,))
        db.close()
        return job

    for n in range(6):
        queue.enqueue(f"many-{n}", "many")
    assert serve() == "many-0"
    queue.enqueue("late-0", "late")
    queue.enqueue("late-1", "late")
    assert (queue.depth(), queue.depth("many"), queue.depth("late"), queue.depth("none")) == (7, 5, 2, 0)
    served = [serve() for _ in range(4)]
    assert served == ["many-1", "late-0", "many-2", "late-1"]
    served = []
    for n in range(2, 5):  # a tenant that always has one job does not keep the other from its turn
        queue.enqueue(f"late-{n}", "late")
        served += [serve(), serve()]
    assert served == ["many-3", "late-2", "many-4", "late-3", "many-5", "late-4"]


def test_payloads_are_json_and_a_planted_pickle_is_never_loaded(queue, tmp_path):
    queue.enqueue("a")
    trap = tmp_path / "trapped"

    class Trap:
        def __reduce__(self):
            return (trap.touch, ())

    planted = base64.b64encode(pickle.dumps(Trap())).decode()
    with sqlite3.connect(tmp_path / "queue.db") as db:
        (inputs,) = db.execute("SELECT inputs FROM workflow_input").fetchone()
        assert "a" in inputs
        assert inputs.startswith("{")
        db.execute("UPDATE workflow_input SET inputs = ?", (planted,))
        db.execute("UPDATE workflow_status SET serialization = 'py_pickle', status = 'SUCCESS'")
        db.execute(
            "INSERT INTO workflow_output (workflow_uuid, output, error) VALUES ('a', ?, ?)",
            (planted, planted),
        )
    assert queue.state("a").status == "done"
    queue.cancel("a")
    queue.claims()
    assert not trap.exists()


def test_progress_that_is_not_well_formed_is_not_shown(queue, tmp_path):
    queue.enqueue("a")
    with sqlite3.connect(tmp_path / "queue.db") as db:
        db.execute("UPDATE workflow_status SET status = 'PENDING'")
    for progress in (
        "x",
        {"phase": 3, "done": 1, "total": 2},
        {"phase": "reading", "done": 3, "total": 2},
        None,
    ):
        queue.publish("a", progress=progress)
        assert queue.state("a").phase is None
    queue.publish("a", progress={"phase": "reading", "done": 1, "total": 2, "eta_seconds": -5})
    assert queue.state("a").eta_seconds == 0


def test_a_database_that_is_gone_is_unavailable_and_not_made_anew(queue, tmp_path):
    queue.ping()
    (tmp_path / "queue.db").unlink()
    for call in (queue.ping, queue.depth, lambda: queue.enqueue("a"), lambda: queue.state("a")):
        with pytest.raises(QueueUnavailable, match=r"gone: there is no queue\.db"):
            call()
    with pytest.raises(QueueUnavailable, match="was made before and is gone"):
        migrate_queue(f"sqlite:///{tmp_path}/queue.db")
    assert not (tmp_path / "queue.db").exists()


def test_a_newer_schema_is_refused_and_left_as_it_is(queue, tmp_path):
    url = f"sqlite:///{tmp_path}/queue.db"
    queue.ping()
    with sqlite3.connect(tmp_path / "queue.db") as db:
        db.execute("UPDATE dbos_migrations SET version = version + 1")
    for question in (
        queue.ping,
        lambda: migrate_queue(url),
        lambda: migrate_queue(url, dry_run=True),
    ):
        with pytest.raises(QueueUnavailable, match=r"has schema \d+, .* newer"):
            question()
    with sqlite3.connect(tmp_path / "queue.db") as db:
        db.execute("UPDATE dbos_migrations SET version = version - 1")
    db.close()
    assert migrate_queue(url) == migrate_queue(url, dry_run=True) == []
    queue.ping()


def test_a_damaged_database_is_unavailable_with_the_reason(queue, tmp_path):
    queue.close()
    path = tmp_path / "queue.db"
    for side in ("-wal", "-shm"):
        (tmp_path / f"queue.db{side}").unlink(missing_ok=True)
    path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:])
    with pytest.raises(QueueUnavailable, match="not a database"):
        JobQueue(f"sqlite:///{path}").ping()


def test_one_damaged_page_that_no_question_meets_is_found(queue, tmp_path):
    queue.enqueue("a")
    queue.ping()
    queue.close()
    path = tmp_path / "queue.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    whole = path.read_bytes()
    unseen = 0
    for page in range(2, len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + bytes(4096) + whole[(page + 1) * 4096 :])
        again = JobQueue(f"sqlite:///{path}")
        try:
            again.depth()
            unseen += 1
        except QueueUnavailable:
            pass
        with pytest.raises(QueueUnavailable, match=r"damaged|malformed|not a database"):
            again.ping()
        again.close()
    assert unseen > 0, "otherwise looking at every page is not needed"


def test_a_file_that_was_emptied_is_not_filled_anew(queue, tmp_path):
    queue.close()
    path = tmp_path / "queue.db"
    path.write_bytes(b"")
    with pytest.raises(QueueUnavailable, match="made before and is gone"):
        migrate_queue(f"sqlite:///{path}")
    assert path.read_bytes() == b""


def test_a_server_that_cannot_be_reached_is_unavailable_without_its_password():
    queue = JobQueue("postgresql://nif:canary@127.0.0.1:1/nif")
    with pytest.raises(QueueUnavailable) as caught:
        queue.enqueue("a")
    assert "canary" not in str(caught.value)
    assert "refused" in str(caught.value)


@pytest.mark.parametrize("url", ["sqlite:///relative.db", "sqlite://", "sqlite:////x?mode=memory"])
def test_a_wrong_url_is_refused(url):
    with pytest.raises(InvalidParameter, match="NIF_QUEUE"):
        JobQueue(url)


def test_the_queues_side_of_the_api_loads_no_numerical_library():
    code = (
        "import sys, service.jobs.queue\n"
        "heavy = ('torch', 'onnxruntime', 'onnx', 'scipy', 'networkit', 'plotly')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
