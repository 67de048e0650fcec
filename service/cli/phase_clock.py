"""How long each phase of an analysis took, and the progress bar that shows it meanwhile."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

ESTIMATION = ("estimating", "redundancy", "probes")


class PhaseClock:
    """A context to run an analysis in; give `report` to it. Draws on stderr, and only on a terminal."""

    def __init__(self, *, draw: bool | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._began = self._last = time.monotonic()
        self._phase = "starting"
        draw = sys.stderr is not None and sys.stderr.isatty() if draw is None else draw
        self._bar = _bar() if draw else None
        self._task: TaskID | None = None

    def __enter__(self) -> "PhaseClock":
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("starting", total=None, count="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._count()
        if self._bar is not None:
            self._bar.stop()

    def report(self, phase: str, done: int, total: int) -> None:
        """A progress callback."""
        self._count()
        if self._bar is not None and self._task is not None:
            if phase != self._phase:
                self._bar.reset(self._task)
            self._bar.update(
                self._task, description=phase, completed=done, total=total, count=f"{done}/{total}"
            )
        self._phase = phase

    def split(self) -> dict[str, float]:
        """Seconds in all, of estimation, and of the rest, so far."""
        self._count()
        total = self._last - self._began
        estimation = sum(self.seconds.get(phase, 0.0) for phase in ESTIMATION)
        return {"total": total, "estimation": estimation, "rest": total - estimation}

    def _count(self) -> None:
        now = time.monotonic()
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._last
        self._last = now


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
