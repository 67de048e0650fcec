"""The workflow of a job, as DBOS keeps it: finished steps are not done again after a crash.

1. estimate: analyse, or compute a study, in a child, which leaves a file.   2. store: put what is in the file
into the graph store. A file that is lost between the steps (another host took over) is made again.
"""

from typing import Any

import structlog
from dbos import DBOS

from service.jobs.problems import InternalError, problem_of
from service.jobs.protocol import WORKFLOW
from service.jobs.runner import JobRunner

log = structlog.get_logger()


class AnalysisFailed(Exception):
    """Ends the workflow as failed; the problem itself is published beside it."""


def register(runner: JobRunner, attempts: int) -> None:
    """Make the workflow known to DBOS; before its launch. attempts: dispatches of one job at most."""

    @DBOS.step(name="estimate")
    def estimate(analysis_id: str) -> dict[str, Any]:
        return _guarded(lambda: runner.compute(analysis_id), analysis_id)

    @DBOS.step(name="store")
    def store(analysis_id: str, made: dict[str, Any]) -> dict[str, Any]:
        return _guarded(lambda: runner.store(analysis_id, made), analysis_id)

    @DBOS.step(name="publish problem")
    def publish(analysis_id: str, problem: dict[str, Any]) -> bool:
        runner.queue.publish(analysis_id, problem=problem)
        return True

    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=attempts - 1)
    def analyse(analysis_id: str) -> str:
        made = estimate(analysis_id)
        while "problem" not in made:
            stored = store(analysis_id, made)
            if "stored" in stored:
                log.info("job done", job=analysis_id)
                return "done"
            made = estimate(analysis_id) if "lost" in stored else stored
        publish(analysis_id, made["problem"])
        log.info("job failed", job=analysis_id, problem=made["problem"]["slug"])
        raise AnalysisFailed(made["problem"]["slug"])


def _guarded(step: Any, analysis_id: str) -> dict[str, Any]:
    """A step's result; an error that nobody foresaw fails the job and not the worker."""
    try:
        result: dict[str, Any] = step()
        return result
    except Exception as error:  # noqa: BLE001  the job must end, whatever it was
        log.error("step failed", job=analysis_id, exception=type(error).__name__, exc_info=False)
        unknown = InternalError(f"The worker met an error that it does not know: {type(error).__name__}")
        return {"problem": problem_of(unknown)}
