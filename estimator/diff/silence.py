"""Neurons that fell silent or woke up."""

from dataclasses import dataclass

from estimator.diff.alignment import Alignment
from estimator.network import FlowNetwork, Silent


@dataclass(frozen=True)
class SilentChange:
    """A neuron of the base, (layer, index), its counterpart in the head, and how each is silent."""

    base: tuple[int, int]
    head: tuple[int, int]
    was: Silent | None
    now: Silent | None


def silent_changes(base: FlowNetwork, head: FlowNetwork, alignment: Alignment) -> list[SilentChange]:
    """In order of the base's neurons."""
    changes = []
    for aligned in alignment.layers:
        was, now = base.silent[aligned.base], head.silent[aligned.head]
        for i, k in enumerate(aligned.partner.tolist()):
            if was[i] != now[k]:
                changes.append(SilentChange((aligned.base, i), (aligned.head, k), was[i], now[k]))
    return changes
