"""What is known of a tensor without running the model.

Shapes are tuples of integers, with ROWS where the axis counts the rows of the data and FREE where the file
gives no number. A constant has no ROWS axis; a `Constant` may hold small integers (a shape, axes), in which
ROWS stands for the number of rows.
"""

import math
from dataclasses import dataclass

ROWS: None = None
FREE = -1
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Constant:
    """A tensor that is the same for every row. items: its integers where it is small."""

    dims: tuple[int, ...]
    items: tuple[int | None, ...] | None = None

    @property
    def size(self) -> int:
        return math.prod(self.dims)


@dataclass(frozen=True)
class Signal:
    """A tensor that depends on the row.

    shape: one axis is ROWS. axis: the one that counts neurons. base: the tensor that this one is a function
    of neuron by neuron (itself, where neurons were mixed to make it). layout: how its elements were moved
    since the base; two signals go together element by element only when both agree. nonlinear: whether a
    nonlinearity lies on the way from the last mixing to here.
    """

    shape: Shape
    axis: int
    base: str
    layout: str = ""
    nonlinear: bool = False

    @property
    def rows(self) -> int:
        return self.shape.index(ROWS)

    @property
    def width(self) -> int:
        """Number of neurons; FREE where the file doesn't say, 1 where the tensor is one number a row."""
        width = self.shape[self.axis] if len(self.shape) > 1 else 1
        return FREE if width is None else width


@dataclass(frozen=True)
class Label:
    """A decision made from the outputs (a class, a map of probabilities): no part of the network.

    scores: the tensor that it was made from. names: the class names that it carries, if any.
    """

    scores: str
    names: tuple[str, ...] | None = None


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
        elif FREE in (left, right) and None not in (left, right):
            shape.append(right if left == FREE else left)
        else:
            return None
    return tuple(shape)
