"""From the bare counts of an analysis to what a reader sees: never backwards, with a time to go."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from estimator.progress import PHASES


@dataclass
class ProgressMeter:
    """Follows one job. Phases are those of PHASES, in that order.

    floor: progress that a reader has seen already, of an attempt that was cut short; until the job is
    beyond it, the floor is what is shown.
    """

    floor: Mapping[str, Any] = field(default_factory=dict)
    phase: str | None = None
    done: int = 0
    total: int = 0
    _began: float = 0.0
    _passed: bool = False

    def update(self, phase: str, done: int, total: int) -> None:
        """Take a report in. One that would go backwards, or is of no known phase, changes nothing."""
        if phase not in PHASES or not 0 <= done <= total:
            return
        if self.phase is not None:
            here, there = PHASES.index(self.phase), PHASES.index(phase)
            if there < here or (there == here and (total != self.total or done < self.done)):
                return
        if phase != self.phase:
            self._began = time.monotonic()
        self.phase, self.done, self.total = phase, done, total

    def eta_seconds(self) -> float | None:
        """Seconds to the end of the phase at its rate so far."""
        if self.phase is None or self.done == 0:
            return None
        return max(0.0, (time.monotonic() - self._began) * (self.total - self.done) / self.done)

    def shown(self) -> dict[str, Any]:
        """phase, done, total, eta_seconds; empty before the first report."""
        if not self._passed and self._behind_floor():
            return {key: self.floor[key] for key in ("phase", "done", "total")} | {"eta_seconds": None}
        self._passed = True
        if self.phase is None:
            return {}
        eta = self.eta_seconds()
        return {
            "phase": self.phase,
            "done": self.done,
            "total": self.total,
            "eta_seconds": None if eta is None else round(eta, 1),
        }

    def _behind_floor(self) -> bool:
        phase, done, total = (self.floor.get(key) for key in ("phase", "done", "total"))
        if (
            phase not in PHASES
            or not isinstance(done, int)
            or not isinstance(total, int)
            or not 0 <= done <= total
        ):
            return False
        if self.phase is None:
            return True
        here, there = PHASES.index(self.phase), PHASES.index(phase)
        if here != there:
            return here < there
        return self.total != total or self.done < done
