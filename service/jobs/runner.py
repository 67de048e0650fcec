"""One job as a worker runs it: the two steps of the workflow, each in a child process."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from dbos import error as dbos_error

from estimator.errors import NifError, Unavailable
from service.audit_log import AuditLog
from service.blobs import Blobs
from service.catalog import Catalog
from service.jobs import work_folder
from service.jobs.child import PROGRAM, ChildLimits, Stopped, run_child
from service.jobs.database import QueueUnavailable
from service.jobs.problems import problem_of, storage_limit, want_of_room
from service.jobs.progress import ProgressMeter
from service.jobs.queue import Claim, JobQueue
from service.jobs.requests import order, store_order
from service.settings import Settings

log = structlog.get_logger()

ASK_SECONDS = 0.5  # how often a worker asks whether the job is still its own
BEAT_SECONDS = 3.0  # how often it gives a sign of life when nothing else is new
STORE_WAIT_SECONDS = 7 * 86400.0  # how long a job waits for its store to come back
SLOWEST_RETRY_SECONDS = 15.0


@dataclass
class Watch:
    """Follows one step of one job: publishes its progress, and says when to stop."""

    runner: "JobRunner"
    claim: Claim
    meter: ProgressMeter
    beat: int
    _asked: float = 0.0
    _beaten: float = 0.0
    _shown: dict[str, Any] = field(default_factory=dict)
    lost: bool = False

    def should_stop(self) -> bool:
        """True when the worker stops, or when the job was cancelled, forgotten or taken over."""
        now = time.monotonic()
        if self.runner.stopping.is_set():
            return True
        if now - self._asked >= ASK_SECONDS:
            self._asked = now
            try:
                self.lost = not self.claim.same_run(self.runner.queue.claim(self.claim.analysis_id))
                if not self.lost:
                    self._publish(now)
            except QueueUnavailable as error:
                log.warning(
                    "queue does not answer; the job goes on", job=self.claim.analysis_id, reason=str(error)
                )
        return self.lost

    def _publish(self, now: float) -> None:
        shown = self.meter.shown()
        if shown != self._shown or now - self._beaten >= BEAT_SECONDS:
            self.beat += 1
            self.runner.queue.publish(self.claim.analysis_id, progress=shown | {"beat": self.beat})
            self._shown, self._beaten = shown, now


class JobRunner:
    """What a worker needs to run jobs. stopping: set when the worker is to stop; idle: no job runs now."""

    def __init__(
        self, settings: Settings, executor: str, queue: JobQueue, program: Sequence[str] = PROGRAM
    ) -> None:
        self.settings, self.executor, self.queue, self.program = settings, executor, queue, program
        self.catalog = Catalog(settings.catalog_path)
        self.blobs = Blobs(settings.blobs_dir)
        self.audit_log = AuditLog(settings.data_dir / "audit.jsonl")
        self.stopping = threading.Event()
        self.idle = threading.Event()
        self.idle.set()
        self.current: Claim | None = None
        self.written: set[str] = set()  # jobs whose result this worker stored and whose end is not seen yet
        self.limits = ChildLimits(settings.job_time_limit, settings.job_memory_limit)

    def compute(self, job_id: str) -> dict[str, Any]:
        """Step 1. {"network" or "study": path, "sha256": its hash, ...}, or {"problem": {...}}."""
        watch = self._begin(job_id)
        folder = None
        try:
            try:
                folder = work_folder.new_attempt(self.settings.work_dir, job_id)
                asked = order(self.catalog, self.blobs, self.settings, job_id, folder)
                watch.meter.any_phase = asked.made == "study"
                answer = self._run_patiently(asked.work, asked.request, watch)
            except NifError as error:
                answer = {"problem": problem_of(error)}
            except OSError as error:
                wanting = want_of_room(error)
                if wanting is None:
                    raise
                log.error("job not begun", job=job_id, reason=error.strerror)
                answer = {"problem": problem_of(wanting)}
            if "result" in answer:
                folder = None  # kept for the next step
                made: dict[str, Any] = answer["result"] | {asked.made: str(asked.file)}
                return made
            return {"problem": answer["problem"]}
        finally:
            if folder is not None:
                work_folder.remove_attempt(folder)
            self._end()

    def store(self, job_id: str, made: dict[str, Any]) -> dict[str, Any]:
        """Step 2. {"stored": True}, {"lost": True} if step 1's file is gone, or {"problem": {...}}."""
        watch = self._begin(job_id)
        file = Path(made["network"] if "network" in made else made["study"])
        try:
            if not work_folder.intact(file, made["sha256"]):
                return {"lost": True}
            try:
                watch.meter.any_phase = "study" in made
                if made.get("verdict") is not None:
                    self._log_verdict(job_id, made)
                work, request = store_order(self.catalog, self.settings, job_id, made)
                self.written.add(job_id)
                answer = self._run_patiently(work, request, watch)
            except NifError as error:
                answer = {"problem": problem_of(error)}
            except OSError as error:
                log.error("audit log or process", job=job_id, reason=error.strerror)
                answer = {"problem": problem_of(want_of_room(error) or storage_limit())}
            work_folder.remove(self.settings.work_dir, job_id)
            return {"stored": True} if "result" in answer else {"problem": answer["problem"]}
        except dbos_error.DBOSWorkflowConflictIDError:
            if watch.lost:
                work_folder.remove_attempt(file.parent)
            raise
        finally:
            self._end()

    def _log_verdict(self, job_id: str, made: dict[str, Any]) -> None:
        """A line of the audit log, before anybody can read the verdict; OSError: then nobody shall."""
        record = self.catalog.study(job_id)
        self.audit_log.append(
            event="judged",
            tenant=record.tenant,
            key=None,
            object=f"/v1/{record.kind}s/{job_id}",
            verdict=made["verdict"],
            document_sha256=made["sha256"],
            of=[
                {"analysis": analysis.id, "model": analysis.model_sha256, "dataset": analysis.dataset_sha256}
                for analysis in map(self.catalog.analysis, record.analyses)
            ],
        )

    def _run_patiently(self, work: str, request: dict[str, Any], watch: Watch) -> dict[str, Any]:
        """Again and again while the store cannot be reached; the job waits, and can be cancelled.

        A store that answers and could not do it is asked `job_attempts` times.
        """
        pause, deadline, failures = 0.5, time.monotonic() + STORE_WAIT_SECONDS, 0
        while True:
            answer = self._run(work, request, watch)
            if "unavailable" not in answer:
                return answer
            detail = str(answer["unavailable"].get("detail"))
            failures += answer["unavailable"].get("answers") is True
            if failures >= self.settings.job_attempts:
                return {"problem": problem_of(Unavailable(f"The graph store cannot do it: {detail}"))}
            log.warning("store does not answer; the job waits", job=watch.claim.analysis_id, reason=detail)
            if time.monotonic() > deadline:
                return {"problem": problem_of(Unavailable(f"The graph store could not be reached: {detail}"))}
            self._sleep(pause, watch)
            pause = min(2 * pause, SLOWEST_RETRY_SECONDS)

    def _run(self, work: str, request: dict[str, Any], watch: Watch) -> dict[str, Any]:
        def output(text: str) -> None:
            log.debug("child's output", job=watch.claim.analysis_id, work=work, text=text)

        try:
            tries = self.settings.job_attempts - watch.claim.attempts
            while True:
                answer = run_child(
                    work, request, self.limits, watch.meter.update, watch.should_stop, output, self.program
                )
                if "killed" not in answer or tries <= 0:
                    return answer
                tries -= 1
                log.warning("child was killed; it is tried again", job=watch.claim.analysis_id, work=work)
        except Stopped:
            raise self._not_ours(watch) from None

    def _sleep(self, seconds: float, watch: Watch) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if watch.should_stop():
                raise self._not_ours(watch)
            self.stopping.wait(0.25)

    def _not_ours(self, watch: Watch) -> dbos_error.DBOSWorkflowConflictIDError:
        """What ends this execution without a trace in the job: another one has it, or will have."""
        log.info("job stopped", job=watch.claim.analysis_id, taken_away=watch.lost)
        return dbos_error.DBOSWorkflowConflictIDError(watch.claim.analysis_id)

    def _begin(self, analysis_id: str) -> Watch:
        self.idle.clear()
        try:
            while not self.stopping.is_set():
                try:
                    claim = self.queue.claim(analysis_id)
                    if claim is None or claim.executor != self.executor:
                        break
                    self.current = claim
                    seen = self.queue.progress(analysis_id)
                    return Watch(self, claim, ProgressMeter(floor=seen), beat=claim.beat)
                except QueueUnavailable as error:
                    log.warning("queue does not answer", job=analysis_id, reason=str(error))
                    self.stopping.wait(1.0)
        except BaseException:
            self._end()
            raise
        self._end()
        raise dbos_error.DBOSWorkflowConflictIDError(analysis_id)

    def _end(self) -> None:
        # `current` stays: a worker that stops gives it back.
        self.idle.set()
