"""Neurons that fell silent or woke up."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estimator.network import Silent

if TYPE_CHECKING:
    from estimator.diff.result import NetworkDiff


@dataclass(frozen=True)
class SilentChange:
    """A neuron of the base, (layer, index), its counterpart in the head, and how each is silent."""

    base: tuple[int, int]
    head: tuple[int, int]
    was: Silent | None
    now: Silent | None


def silent_changes(diff: "NetworkDiff") -> list[SilentChange]:
    """In order of the base's neurons."""
    changes = []
    for aligned in diff.alignment.layers:
        was, now = diff.base.silent[aligned.base], diff.head.silent[aligned.head]
        for i, k in enumerate(aligned.partner.tolist()):
            if was[i] != now[k]:
                changes.append(SilentChange((aligned.base, i), (aligned.head, k), was[i], now[k]))
    return changes
