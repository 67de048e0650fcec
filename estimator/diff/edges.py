"""Edges of the head in the base's order, beside those of the base."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from estimator.diff.alignment import Alignment
from estimator.diff.changes import Tested
from estimator.network import Edges, FlowNetwork

Floats = NDArray[np.float64]
Kind = Literal["appeared", "vanished", "grew", "shrank"]
KINDS: tuple[Kind, ...] = ("appeared", "vanished", "grew", "shrank")
_ARRAYS = (
    "mi",
    "se",
    "ci_low",
    "ci_high",
    "p_value",
    "q_value",
    "ceiling",
    "saturated",
    "lower_bound",
    "method",
)


@dataclass(frozen=True)
class EdgePair:
    """All pairs of two connected layers in both networks; head's arrays are in the base's order."""

    base: Edges
    head: Edges
    base_nif: Floats
    head_nif: Floats

    def kinds(self, tested: Tested) -> NDArray[np.int64]:
        """[source, consumer] -> position in KINDS of what a change at that place is."""
        was, now = self.base_nif > 0, self.head_nif > 0
        grown = np.where(tested.change > 0, 2, 3)
        return np.where(~was & now, 0, np.where(was & ~now, 1, grown))


def paired_edges(base: FlowNetwork, head: FlowNetwork, alignment: Alignment) -> tuple[EdgePair, ...]:
    """One entry an entry of `base.edges`; both networks at the base's beta and alpha."""
    at = {(e.source, e.consumer): n for n, e in enumerate(head.edges)}
    pairs = []
    for edges, nif in zip(base.edges, base.nif, strict=True):
        source, consumer = alignment.layers[edges.source], alignment.layers[edges.consumer]
        other = at[source.head, consumer.head]
        order = np.ix_(source.partner, consumer.partner)
        arrays = {name: getattr(head.edges[other], name)[order] for name in _ARRAYS}
        moved = Edges(source=edges.source, consumer=edges.consumer, **arrays)
        pairs.append(EdgePair(edges, moved, nif, head.nif[other][order]))
    return tuple(pairs)
