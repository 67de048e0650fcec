"""Work in a child process of a command, as a worker would do it: within limits, with its progress shown."""

from collections.abc import Mapping
from typing import Any

from estimator.errors import NifError, Place
from service.cli.exits import complain
from service.cli.phase_clock import PhaseClock
from service.jobs.child import ChildLimits, run_child
from service.jobs.problems import InternalError
from service.settings import Settings
from service.stores.protocol import StoreUnavailable


class WorkRefused(NifError):
    """The work failed, for the reason that the child gave."""


def run_here(work: str, request: Mapping[str, Any], settings: Settings, clock: PhaseClock) -> dict[str, Any]:
    """The child's result. Raises WorkRefused with its problem, StoreUnavailable, or whatever stops us."""
    limits = ChildLimits(seconds=float("inf"), memory=settings.job_memory_limit)
    printed: list[str] = []
    answer = run_child(work, request, limits, clock.report, lambda: False, printed.append)
    if "unavailable" in answer:
        raise StoreUnavailable(str(answer["unavailable"].get("detail")))
    if "problem" in answer:
        problem = answer["problem"]
        if problem["slug"] == InternalError.slug:
            complain("; ".join(printed))
        places = [Place(**place) for place in problem.get("errors", [])]
        raise WorkRefused(str(problem.get("detail")), errors=places)
    result: dict[str, Any] = answer["result"]
    return result
