"""Studies are as durable as analyses; children are fakes but for the last test, all else is real."""

import signal
import time

import pytest

from estimator.options import Options
from service.audit_log import AuditLog
from service.jobs.progress import ProgressMeter
from service.stores.protocol import StudyNotStored
from tests.cli.nif import IRIS
from tests.jobs.jobs_here import JobsHere, wait_for

RECOVERED = {"kind": "diff", "verdict": "pass"}


def test_a_study_killed_with_its_worker_is_completed_by_the_next_and_stored_once(jobs: JobsHere):
    base, head = jobs.analysed(), jobs.analysed()
    worker = jobs.worker()
    study = jobs.study("diff", base, head, seconds=2)
    jobs.wait_for_progress(study, done=3)
    jobs.kill(worker)
    wait_for(lambda: not jobs.children(), 3)
    assert jobs.state(study).status == "running"
    jobs.worker()
    assert jobs.wait(study, "done").attempts == 2
    assert jobs.started() == 2
    assert jobs.store.study_ids() == [study]
    assert jobs.store.study(study) == RECOVERED
    [row] = jobs.store.studies(head)
    assert row.analyses == (base, head)
    wait_for(jobs.nothing_left)


def test_a_study_whose_child_is_killed_is_tried_again_and_done(jobs: JobsHere):
    study = jobs.study("audit", jobs.analysed(), seconds=2)
    jobs.worker()
    jobs.wait_for_progress(study, done=3)
    jobs.children()[0].kill()
    jobs.wait(study, "done")
    assert jobs.started() == 2
    assert jobs.store.study_ids() == [study]


def test_a_worker_killed_between_the_commit_and_the_end_leaves_one_document(jobs: JobsHere):
    study = jobs.study("audit", jobs.analysed())
    worker = jobs.worker(KILL_WORKER_AFTER_STORING="storing study")
    assert worker.wait(60) == -signal.SIGKILL
    assert jobs.store.study_ids() == [study]
    assert jobs.state(study).status == "running"
    jobs.worker()
    jobs.wait(study, "done")
    assert jobs.started() == 1, "the study was computed and is not computed again"
    assert jobs.store.study_ids() == [study]
    wait_for(jobs.nothing_left)


def test_a_document_that_is_lost_between_the_steps_is_made_again(jobs: JobsHere):
    study = jobs.study("audit", jobs.analysed())
    jobs.worker(KILL_WORKER_AFTER_STORING="storing study").wait(60)
    for file in jobs.settings.work_dir.rglob("study.json"):
        file.write_bytes(file.read_bytes()[:-1])
    jobs.worker()
    jobs.wait(study, "done")
    assert jobs.started() == 2
    wait_for(jobs.nothing_left)


def test_a_cancelled_study_is_gone_within_seconds_and_leaves_nothing(jobs: JobsHere):
    analysis = jobs.analysed()
    jobs.worker()
    study = jobs.study("ablation", analysis, seconds=60)
    jobs.wait_for_progress(study)
    began = time.monotonic()
    assert jobs.queue.cancel(study).status == "cancelled"
    wait_for(jobs.nothing_left)
    assert time.monotonic() - began < 10
    after = jobs.study("ablation", analysis)
    jobs.wait(after, "done")
    assert jobs.store.study_ids() == [after]
    assert jobs.store.ids() == [analysis], "the analysis is not touched"


def test_what_a_cancelled_study_stored_is_removed(jobs: JobsHere):
    analysis = jobs.analysed()
    study = jobs.study("audit", analysis)
    jobs.worker(KILL_WORKER_AFTER_STORING="storing study").wait(60)
    assert jobs.store.study_ids() == [study]
    jobs.queue.cancel(study)
    jobs.worker()
    assert jobs.store.study_ids() == []
    assert jobs.store.ids() == [analysis]
    wait_for(jobs.nothing_left)


def test_a_study_whose_analysis_is_deleted_meanwhile_is_not_stored(jobs: JobsHere):
    analysis = jobs.analysed()
    jobs.worker()
    study = jobs.study("audit", analysis, seconds=2)
    jobs.wait_for_progress(study, done=3)
    jobs.store.delete(analysis)
    problem = jobs.wait(study, "failed").problem
    assert problem is not None and problem["slug"] == "not-found"
    with pytest.raises(StudyNotStored):
        jobs.store.study(study)
    wait_for(jobs.nothing_left)


def test_a_verdict_is_in_the_audit_log_with_its_hashes_before_it_can_be_read(jobs: JobsHere):
    analysis = jobs.analysed()
    study = jobs.study("audit", analysis)
    jobs.worker()
    jobs.wait(study, "done")
    log = AuditLog(jobs.folder / "audit.jsonl")
    [line] = log.entries()
    record = jobs.catalog.analysis(analysis)
    assert (line["event"], line["tenant"], line["verdict"]) == ("judged", "default", "pass")
    assert line["object"] == f"/v1/audits/{study}"
    [of] = line["of"]
    assert (of["model"], of["dataset"]) == (record.model_sha256, record.dataset_sha256)
    assert log.verify() is None


def test_a_verdict_that_cannot_be_logged_is_not_stored(jobs: JobsHere):
    (jobs.folder / "audit.jsonl").mkdir()  # what cannot be written, also for root
    study = jobs.study("audit", jobs.analysed())
    jobs.worker()
    problem = jobs.wait(study, "failed").problem
    assert problem is not None and problem["slug"] == "storage-limit"
    assert jobs.store.study_ids() == []
    wait_for(jobs.nothing_left)


def test_a_crashing_study_fails_once_and_the_next_job_runs(jobs: JobsHere):
    analysis = jobs.analysed()
    bad, good = jobs.study("audit", analysis, behave="segfault"), jobs.study("audit", analysis)
    jobs.worker()
    problem = jobs.wait(bad, "failed").problem
    assert problem is not None and problem["slug"] == "model-crashed"
    jobs.wait(good, "done")
    assert jobs.store.study_ids() == [good]


def test_a_studys_phases_are_in_the_order_in_which_they_begin_and_never_go_back():
    meter = ProgressMeter(any_phase=True)
    seen = []
    for phase, done in (("b", 0), ("b", 2), ("a", 1), ("b", 3), ("a", 0), ("a", 2), ("storing", 0), ("c", 1)):
        meter.update(phase, done, 3)
        seen.append((meter.shown()["phase"], meter.shown()["done"]))
    last = ("storing", 0)
    assert seen == [("b", 0), ("b", 2), ("a", 1), ("a", 1), ("a", 1), ("a", 2), last, last]


def test_a_study_begun_again_shows_no_less_than_before():
    meter = ProgressMeter(floor={"phase": "a", "done": 2, "total": 3}, any_phase=True)
    shown = []
    for phase, done in (("b", 0), ("b", 3), ("a", 0), ("a", 2), ("a", 3), ("storing", 0)):
        meter.update(phase, done, 3)
        shown.append((meter.shown()["phase"], meter.shown()["done"]))
    assert shown == [("a", 2)] * 4 + [("a", 3), ("storing", 0)]


def test_a_childs_phases_are_bounded():
    meter = ProgressMeter(any_phase=True)
    meter.update("x" * 61, 0, 1)
    assert meter.shown() == {}
    for number in range(60):
        meter.update(f"phase {number}", 0, 1)
    assert meter.shown()["phase"] == "phase 49"


def test_iris_is_ablated_diffed_and_audited_for_real_and_a_changed_upload_is_not(jobs: JobsHere):
    model, data = IRIS[0].read_bytes(), IRIS[1].read_bytes()
    analysis = jobs.record(data, model, Options(target="species", permutations=50))
    jobs.queue.enqueue(analysis)
    jobs.worker(real=True)
    jobs.wait(analysis, "done", 60)
    policy = {"version": 1, "rules": [{"rule": "minimum-rows", "min": 151}]}
    studies = {
        "ablation": jobs.study("ablation", analysis, options={"bootstrap": 100}),
        "diff": jobs.study("diff", analysis, analysis, options={}),
        "audit": jobs.study("audit", analysis, options={"policy": policy}),
    }
    sha256 = jobs.catalog.analysis(analysis).model_sha256
    for kind, study in studies.items():
        jobs.wait(study, "done", 60)
        document = jobs.store.study(study)
        assert document["kind"] == kind
        assert {side["analysis_id"] for side in document["of"]} == {analysis}
        assert {side["model_sha256"] for side in document["of"]} == {sha256}
    assert jobs.store.study(studies["diff"])["empty"] is True
    assert jobs.store.study(studies["audit"])["verdict"] == "fail"
    assert {row.verdict for row in jobs.store.studies(analysis)} == {None, "fail"}

    blob = jobs.blobs.path(sha256)
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    spoilt = jobs.study("ablation", analysis, options={})
    problem = jobs.wait(spoilt, "failed", 60).problem
    assert problem is not None and problem["slug"] == "blob-corrupt"
    wait_for(jobs.nothing_left)
