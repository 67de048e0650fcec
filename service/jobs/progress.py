"""From the bare counts of a job to what a reader sees: never backwards, with a time to go."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from estimator.progress import PHASES

LONGEST_PHASE, MOST_PHASES = 60, 50  # of a study; a child is not trusted


@dataclass
class ProgressMeter:
    """Follows one job. Phases are those of PHASES, in that order.

    floor: progress that a reader has seen already, of an attempt that was cut short; until the job is
    beyond it, the floor is what is shown. any_phase: of a study: phases as its kind names them, in the order
    in which they begin; `storing` is the last.
    """

    floor: Mapping[str, Any] = field(default_factory=dict)
    phase: str | None = None
    done: int = 0
    total: int = 0
    any_phase: bool = False
    _began: float = 0.0
    _passed: bool = False
    _met: list[str] = field(default_factory=list)

    def update(self, phase: str, done: int, total: int) -> None:
        """Take a report in. One that would go backwards, or is of no known phase, changes nothing."""
        if not self._known(phase) or not 0 <= done <= total:
            return
        if self.any_phase and phase not in self._met:
            self._met.append(phase)
        if self.phase is not None:
            here, there = self._order(self.phase), self._order(phase)
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
            not isinstance(phase, str)
            or not self._known(phase)
            or not isinstance(done, int)
            or not isinstance(total, int)
            or not 0 <= done <= total
        ):
            return False
        if self.phase is None:
            return True
        here, there = self._order(self.phase), self._order(phase)
        if here != there:
            return here < there
        return self.total != total or self.done < done

    def _known(self, phase: str) -> bool:
        if not self.any_phase:
            return phase in PHASES
        return len(phase) <= LONGEST_PHASE and (phase in self._met or len(self._met) < MOST_PHASES)

    def _order(self, phase: str) -> int:
        """A phase of a study that did not begin yet is behind those that did."""
        if not self.any_phase:
            return PHASES.index(phase)
        if phase == PHASES[-1]:
            return MOST_PHASES + 1
        return self._met.index(phase) if phase in self._met else MOST_PHASES
