"""Rules of operators that move neurons about: Reshape, Transpose and the like, and arithmetic on shapes."""

import math

from estimator.model.call import OTHER_ROWS, Call, Result, written
from estimator.model.values import (
    FREE,
    ROW_UNIT,
    ROWS,
    Constant,
    Shape,
    Signal,
    broadcast,
    counts_rows,
    rows_axes,
)

_FLOATS = (1, 10, 11, 16)  # numbers of onnx.TensorProto.DataType
_INTEGERS = (2, 3, 4, 5, 6, 7, 9, 12, 13)
MOST_REPEATED = 2**20  # elements a row of what Expand makes


def identity(call: Call) -> Result:
    return Result("plumbing", (call.signal(),))


def cast(call: Call) -> Result:
    """To a float type: the same. To integers: truncation, a nonlinearity. To text: not a network."""
    to, signal = call.attribute("to", 1), call.signal()
    if to == 8:
        raise call.unsupported("it makes text of numbers; only numbers are analysed")
    if to in _FLOATS:
        return Result("plumbing", (signal,))
    if to not in _INTEGERS:
        raise call.unsupported(f"it casts to element type {to}, which is not supported")
    return Result("pointwise", (Signal(signal.shape, signal.axis, signal.base, signal.layout, True),))


def transpose(call: Call) -> Result:
    signal = call.signal()
    rank = len(signal.shape)
    order = [call.axis(a, rank) for a in call.attribute("perm", list(range(rank))[::-1])]
    call.require(sorted(order) == list(range(rank)), f"perm {order} of {rank} axes")
    shape = tuple(signal.shape[a] for a in order)
    if order == list(range(rank)):
        return Result("plumbing", (signal,))
    return moved(call, signal, shape, order.index(signal.axis) if rank > 1 else 0)


def flatten(call: Call) -> Result:
    signal = call.signal()
    rank = len(signal.shape)
    axis = call.attribute("axis", 1)
    axis = rank if axis == rank else call.axis(axis, rank)
    head, tail = signal.shape[:axis], signal.shape[axis:]
    if signal.rows >= axis or FREE in head:
        raise call.unsupported(f"it flattens {written(signal.shape)} at axis {axis}: {OTHER_ROWS}")
    rows = math.prod(ROW_UNIT if d is ROWS else d for d in head)
    return moved(call, signal, (ROWS if rows == ROW_UNIT else rows, elements_of(tail)), 1)


def squeeze(call: Call) -> Result:
    signal, rank = call.signal(), len(call.signal().shape)
    axes = call.integers("axes", 1)
    if axes is None:
        if FREE in signal.shape:
            raise call.unsupported("it drops axes of a size that the file doesn't give")
        axes = tuple(a for a, size in enumerate(signal.shape) if size == 1)
    drop = {call.axis(a, rank) for a in axes}
    if any(counts_rows(signal.shape[a]) for a in drop):
        raise call.unsupported(f"it drops the axis of the rows: {OTHER_ROWS}")
    call.require(all(signal.shape[a] in (1, FREE) for a in drop), f"it drops axes of {written(signal.shape)}")
    kept = [a for a in range(rank) if a not in drop]
    axis = kept.index(signal.axis) if signal.axis in kept else len(kept) - 1
    if kept and counts_rows(signal.shape[kept[axis]]) and len(kept) > 1:
        axis = next(a for a in reversed(range(len(kept))) if not counts_rows(signal.shape[kept[a]]))
    return moved(call, signal, tuple(signal.shape[a] for a in kept), axis)


def unsqueeze(call: Call) -> Result:
    signal = call.signal()
    axes = call.integers("axes", 1)
    call.require(axes is not None, "it says no axes")
    if not axes:
        return Result("plumbing", (signal,))
    rank = len(signal.shape) + len(axes)
    new = call.new_axes(axes, rank)
    old = iter(range(len(signal.shape)))
    sources = [None if a in new else next(old) for a in range(rank)]
    shape = tuple(1 if source is None else signal.shape[source] for source in sources)
    if len(signal.shape) == 1:
        return moved(call, signal, shape, next(a for a in range(rank) if a in new))
    return moved(call, signal, shape, sources.index(signal.axis))


def moved(call: Call, signal: Signal, shape: Shape, axis: int, position: int = 0) -> Result:
    if axis < len(shape) and counts_rows(shape[axis]) and len(shape) > 1:
        raise call.unsupported(f"rows and neurons fall together in {written(shape)}")
    return Result("plumbing", (Signal(shape, axis, signal.base, call.out(position), signal.nonlinear),))


def elements_of(shape: Shape) -> int:
    """Elements of a row, FREE if the file doesn't say."""
    sizes = [1 if size is None else size // ROW_UNIT if counts_rows(size) else size for size in shape]
    return FREE if FREE in sizes else math.prod(sizes)


def shape_of(call: Call) -> Result:
    """Shape: a constant, but for the number of rows."""
    value = call.value(0)
    shape: Shape = value.dims if isinstance(value, Constant) else call.signal().shape
    part = shape[slice(call.attribute("start", 0), call.attribute("end", len(shape)))]
    if FREE in part:
        raise call.unsupported(f"it asks for the shape {written(shape)}, which the file doesn't give")
    return Result("constant", (Constant((len(part),), part),))


def expand(call: Call) -> Result:
    """Expand: repeated along axes of 1; the neurons must stay."""
    signal, target = call.signal(), call.constant(1).items
    if target is None:
        raise call.unsupported("its shape is computed from the data")
    sizes = tuple(
        ROWS if size in (ROWS, ROW_UNIT) or (size == call.batch and i + len(signal.shape) - len(target)
                                            == signal.rows) else size
        for i, size in enumerate(target)
    )  # fmt: skip
    shape = broadcast(signal.shape, sizes)
    if shape is None or rows_axes(shape) != 1 or elements_of(shape) > MOST_REPEATED:
        raise call.unsupported(f"it repeats {written(signal.shape)} to {written(sizes)}")
    axis = signal.axis + len(shape) - len(signal.shape)
    if len(signal.shape) > 1 and shape[axis] != signal.shape[signal.axis]:
        return Result("mix", (call.fresh(shape, axis),))
    return moved(call, signal, shape, axis)
