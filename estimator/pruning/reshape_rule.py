"""The rule of operators that lay the elements of a row out anew: Reshape, Flatten, Squeeze, Unsqueeze."""

from collections.abc import Iterable
from math import prod

import numpy as np

from estimator.model.values import FREE, counts_rows
from estimator.pruning.effects import Effects, Indices, blocked_by
from estimator.pruning.node_view import NodeView


def relaid(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Channels here, and the channels there that hold the same elements.

    Rows must be the first axis on both sides. Whether whole channels meet whole channels is counted at the
    end, when all that goes along is known.
    """
    if side == "in" and slot > 0:
        raise blocked_by(view)
    tensors = [view.node.input[0], view.node.output[0]]
    signals = [view.signal(name) for name in tensors]
    here = 0 if side == "in" else 1
    there = signals[1 - here]
    if there is None or any(s is None or s.merged or not counts_rows(s.shape[0]) for s in signals):
        raise blocked_by(view)
    shapes = [view.shape(name) for name in tensors]
    if any(FREE in shape[1:] or len(shape) < 2 for shape in shapes) or axis == 0 or there.axis == 0:
        raise blocked_by(view)
    lost = elements(shapes[here], axis, indices)
    counted = np.unravel_index(np.array(sorted(lost)), shapes[1 - here][1:])[there.axis - 1]
    along = frozenset(int(i) for i in counted)
    return Effects(links=[(tensors[1 - here], there.axis, along)], reshapes=True)


def elements(shape: tuple[int, ...], axis: int, indices: Iterable[int]) -> frozenset[int]:
    """Positions, within a row laid out flat, of these indices of an axis."""
    grid = np.arange(prod(shape[1:])).reshape(shape[1:])
    return frozenset(grid.take(sorted(indices), axis=axis - 1).ravel().tolist())
