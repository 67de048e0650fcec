"""Jobs of workers that died or froze on other hosts: noticed by their silence, put back into the queue.

A worker that is started again takes its own jobs up at once; this is for those that stay away. Silence is
counted in looks of this process, not by any clock's time of day, and a look after a pause of its own
counts no more than another. A worker that was only frozen finds that the job is no longer its own.
"""

import threading
import time
from dataclasses import dataclass, field

import structlog

from service.jobs.database import QueueUnavailable
from service.jobs.queue import Claim, JobQueue

log = structlog.get_logger()

LOOK_SECONDS = 2.0


@dataclass
class Silence:
    """How long each running job has given no sign of life."""

    lost_after: float
    _seen: dict[str, tuple[Claim, float]] = field(default_factory=dict)

    def look(self, claims: list[Claim], elapsed: float) -> list[Claim]:
        """Take in the running jobs, `elapsed` seconds after the last look; returns the jobs that are lost."""
        step = min(elapsed, 2 * LOOK_SECONDS)
        now: dict[str, tuple[Claim, float]] = {}
        for claim in claims:
            before, silent = self._seen.get(claim.analysis_id, (None, 0.0))
            now[claim.analysis_id] = (claim, silent + step if claim == before else 0.0)
        self._seen = now
        return [claim for claim, silent in now.values() if silent >= self.lost_after]

    def forget(self) -> None:
        """After a look that failed: nothing is known about who is alive."""
        self._seen.clear()


def watch_others(queue: JobQueue, lost_after: float, stopping: threading.Event) -> None:
    """Run until `stopping`; for a thread of its own."""
    silence, last = Silence(lost_after), time.monotonic()
    while not stopping.wait(LOOK_SECONDS):
        now = time.monotonic()
        try:
            for claim in silence.look(queue.claims(), now - last):
                log.warning(
                    "worker is silent; its job goes to another", job=claim.analysis_id, worker=claim.executor
                )
                queue.requeue(claim)
        except QueueUnavailable:
            silence.forget()
        last = now
