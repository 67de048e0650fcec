"""How long work tells what it has done, and how it is stopped."""

from typing import Protocol


class Progress(Protocol):
    """Called at the start of a phase (done = 0) and after each piece of it.

    `phase` is one of PHASES; 0 <= done <= total. To stop the work raise `estimator.errors.Cancelled`.
    """

    def __call__(self, phase: str, done: int, total: int) -> None: ...


# The phases of an analysis, in order.
PHASES = ("reading", "activations", "estimating", "redundancy", "probes", "graph", "storing")


def silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""
