"""What the queue says of a job. The queue is the only truth about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Status = Literal["queued", "running", "done", "failed", "cancelled"]

# DBOS's statuses; anything that is not listed is not known to this version and is reported as running.
STATUSES: dict[str, Status] = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
FINAL: tuple[Status, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class JobState:
    """A job. phase: of estimator.progress.PHASES, None before the first; 0 <= done <= total.

    eta_seconds: until the end of the phase, at its rate so far; None while unknown, and when not running.
    attempts: times a worker has begun it. problem: of a failed job, {slug, title, detail, errors}.
    """

    status: Status
    phase: str | None = None
    done: int = 0
    total: int = 0
    eta_seconds: float | None = None
    attempts: int = 0
    problem: dict[str, Any] | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


def status_of(status: str) -> Status:
    """What DBOS's status means here."""
    return STATUSES.get(status, "running")


def moment(milliseconds: int | None) -> datetime | None:
    """A time of the queue, in UTC."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def progress_of(attributes: object) -> Mapping[str, Any]:
    """The published progress, if it is well-formed; what is read from the database is not trusted."""
    progress = attributes.get("progress") if isinstance(attributes, dict) else None
    return progress if isinstance(progress, dict) else {}


def state_of(
    status: str,
    attributes: object,
    *,
    attempts: int | None,
    created: int | None,
    started: int | None,
    completed: int | None,
) -> JobState:
    """The state of a workflow, from the columns of its row; times in milliseconds since 1970."""
    known = status_of(status)
    progress = progress_of(attributes) if known in ("running", "failed") else {}
    phase, done, total = progress.get("phase"), progress.get("done"), progress.get("total")
    counted = (
        isinstance(phase, str) and isinstance(done, int) and isinstance(total, int) and 0 <= done <= total
    )
    eta = progress.get("eta_seconds") if known == "running" else None
    return JobState(
        status=known,
        phase=phase if counted else None,
        done=done if counted and done is not None else 0,
        total=total if counted and total is not None else 0,
        eta_seconds=max(0.0, float(eta)) if counted and isinstance(eta, int | float) else None,
        attempts=attempts or 0,
        problem=_problem(status, attributes) if known == "failed" else None,
        submitted_at=moment(created),
        started_at=moment(started) if known != "queued" else None,
        finished_at=moment(completed) if known in FINAL else None,
    )


def _problem(status: str, attributes: object) -> dict[str, Any]:
    if status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return {
            "slug": "model-crashed",
            "title": "The runtime crashed on this model",
            "detail": "The worker died each time that it ran this job; it is not tried again",
            "errors": [],
        }
    problem = attributes.get("problem") if isinstance(attributes, dict) else None
    if isinstance(problem, dict) and isinstance(problem.get("slug"), str):
        return {"title": "", "detail": "", "errors": []} | problem
    return {
        "slug": "internal-error",
        "title": "The worker met an error that it does not know",
        "detail": "The job failed for a reason that only the worker's log tells",
        "errors": [],
    }
