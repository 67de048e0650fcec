"""What is known of a tensor without running the model.

Shapes are tuples of integers, with ROWS where the axis counts the rows of the data and FREE where the file
gives no number. An axis that counts rows and something else together (heads, tokens) is a multiple of
ROW_UNIT. A `Constant` may hold small integers (a shape, axes), in which ROWS stands for the number of rows.
"""

import math
from dataclasses import dataclass

ROWS: None = None
FREE = -1
ROW_UNIT = 2**61 - 1  # stands for the number of rows in arithmetic; prime, and no size of a tensor
Shape = tuple[int | None, ...]


def counts_rows(size: int | None) -> bool:
    """Whether an axis of this size is that of the rows, alone or with something else."""
    return size is ROWS or (size > 0 and size % ROW_UNIT == 0)


def rows_axes(shape: Shape) -> int:
    return sum(map(counts_rows, shape))


@dataclass(frozen=True)
class Constant:
    """A tensor that is the same for every row; repeated along an axis of ROWS if dims has one.

    items: its integers where it is small.
    """

    dims: Shape
    items: tuple[int | None, ...] | None = None

    @property
    def size(self) -> int:
        return math.prod(ROW_UNIT if d is ROWS else d for d in self.dims)


@dataclass(frozen=True)
class Signal:
    """A tensor that depends on the row.

    shape: one axis is ROWS. axis: the one that counts neurons. base: the tensor that this one is a function
    of neuron by neuron (itself, where neurons were mixed to make it). layout: how its elements were moved
    since the base; two signals go together element by element only when both agree. nonlinear: whether a
    nonlinearity lies on the way from the last mixing to here. heads: an axis that counts neurons, too (the
    heads of an attention, the directions of a recurrent layer); the rows' own, where it counts them as well.
    """

    shape: Shape
    axis: int
    base: str
    layout: str = ""
    nonlinear: bool = False
    heads: int | None = None

    @property
    def rows(self) -> int:
        return next(axis for axis, size in enumerate(self.shape) if counts_rows(size))

    @property
    def merged(self) -> bool:
        """Whether the axis of the rows counts something else as well."""
        return self.shape[self.rows] is not ROWS

    @property
    def width(self) -> int:
        """Number of neurons; FREE where the file doesn't say, 1 where the tensor is one number a row."""
        width = self.shape[self.axis] if len(self.shape) > 1 else 1
        heads = 1 if self.heads is None else self.shape[self.heads]
        if counts_rows(heads):
            heads = 1 if heads is ROWS else heads // ROW_UNIT
        return FREE if FREE in (width, heads) or width is None or heads is None else width * heads


@dataclass(frozen=True)
class Label:
    """A decision made from the outputs (a class, a map of probabilities): no part of the network.

    scores: the tensor that it was made from. names: the class names that it carries, if any. base: that of
    the scores.
    """

    scores: str
    names: tuple[str, ...] | None = None
    base: str = ""


Value = Constant | Signal | Label


def broadcast(a: Shape, b: Shape) -> Shape | None:
    """The shape of an elementwise result, None where the two don't fit or rows meet something else."""
    size = max(len(a), len(b))
    a, b = (1,) * (size - len(a)) + a, (1,) * (size - len(b)) + b
    shape: list[int | None] = []
    for left, right in zip(a, b, strict=True):
        if left == right or right == 1:
            shape.append(left)
        elif left == 1:
            shape.append(right)
        elif FREE in (left, right) and not counts_rows(left) and not counts_rows(right):
            shape.append(right if left == FREE else left)
        else:
            return None
    return tuple(shape)
