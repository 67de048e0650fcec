"""Rules of operators that move neurons about: Reshape, Transpose and the like, and arithmetic on shapes."""

import math

from estimator.model.call import OTHER_ROWS, Call, Result, written
from estimator.model.values import FREE, ROWS, Constant, Shape, Signal

_FLOATS = (1, 10, 11, 16)  # numbers of onnx.TensorProto.DataType
_INTEGERS = (2, 3, 4, 5, 6, 7, 9, 12, 13)


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
    if signal.rows >= axis or any(d != 1 for d in head if d is not ROWS):
        raise call.unsupported(f"it flattens {written(signal.shape)} at axis {axis}: {OTHER_ROWS}")
    return moved(call, signal, (ROWS, elements_of(tail)), 1)


def reshape(call: Call) -> Result:
    signal = call.signal()
    target = call.constant(1).items
    if target is None:
        raise call.unsupported("its shape is computed from the data")
    wanted: list[int | None] = []
    for position, size in enumerate(target):
        keep = size == 0 and not call.attribute("allowzero", 0)
        call.require(not keep or position < len(signal.shape), f"shape {list(target)} copies a missing axis")
        wanted.append(signal.shape[position] if keep else size)
    call.require(wanted.count(-1) <= 1, f"shape {list(target)} has two unknowns")
    shape = _settled(call, signal, wanted)
    if shape == signal.shape:
        return Result("plumbing", (signal,))
    axis = signal.axis
    if len(shape) != len(signal.shape) or shape[axis] != signal.shape[axis]:
        axis = 1 if shape[0] is ROWS else 0
    return moved(call, signal, shape, min(axis, len(shape) - 1))


def _settled(call: Call, signal: Signal, wanted: list[int | None]) -> Shape:
    """The new shape with rows and unknowns put in; rows must stay rows, before everything that moves."""
    elements = elements_of(signal.shape)
    if ROWS not in wanted:
        # Which of the numbers are the rows? -1 if the rest takes up a row's elements, or the fixed number.
        rest = [size for size in wanted if size != -1]
        if -1 in wanted and elements in (math.prod(s or 1 for s in rest), FREE) and elements != FREE:
            wanted = [ROWS if size == -1 else size for size in wanted]
        elif (call.batch is not None and wanted and wanted[0] == call.batch) or (
            call.batch == 1 and -1 in wanted and wanted[0] == 1
        ):
            wanted = [ROWS, *wanted[1:]]
    if wanted.count(ROWS) != 1:
        raise call.unsupported(
            f"it reshapes {written(signal.shape)} to {written(tuple(wanted))}, which mixes rows: {OTHER_ROWS}"
        )
    known = math.prod(size for size in wanted if size is not None and size != -1)
    if -1 in wanted:
        missing = FREE if elements == FREE or not known else elements // known
        wanted = [missing if size == -1 else size for size in wanted]
        known *= missing
    if elements != FREE and -1 not in wanted:
        call.require(known == elements, f"{elements} elements a row do not fit {written(tuple(wanted))}")
    row = wanted.index(ROWS)
    if elements_of(signal.shape[: signal.rows]) != elements_of(tuple(wanted[:row])):
        raise call.unsupported(f"it moves rows to {written(tuple(wanted))}: {OTHER_ROWS}")
    return tuple(wanted)


def squeeze(call: Call) -> Result:
    signal, rank = call.signal(), len(call.signal().shape)
    axes = call.integers("axes", 1)
    if axes is None:
        if FREE in signal.shape:
            raise call.unsupported("it drops axes of a size that the file doesn't give")
        axes = tuple(a for a, size in enumerate(signal.shape) if size == 1)
    drop = {call.axis(a, rank) for a in axes}
    if any(signal.shape[a] is ROWS for a in drop):
        raise call.unsupported(f"it drops the axis of the rows: {OTHER_ROWS}")
    call.require(all(signal.shape[a] in (1, FREE) for a in drop), f"it drops axes of {written(signal.shape)}")
    kept = [a for a in range(rank) if a not in drop]
    axis = kept.index(signal.axis) if signal.axis in kept else len(kept) - 1
    return moved(call, signal, tuple(signal.shape[a] for a in kept), axis)


def unsqueeze(call: Call) -> Result:
    signal = call.signal()
    axes = call.integers("axes", 1)
    call.require(axes is not None, "it says no axes")
    rank = len(signal.shape) + len(axes or ())
    new = {call.axis(a, rank) for a in axes or ()}
    old = iter(range(len(signal.shape)))
    sources = [None if a in new else next(old) for a in range(rank)]
    shape = tuple(1 if source is None else signal.shape[source] for source in sources)
    if len(signal.shape) == 1:
        return moved(call, signal, shape, next(a for a in range(rank) if a in new))
    return moved(call, signal, shape, sources.index(signal.axis))


def moved(call: Call, signal: Signal, shape: Shape, axis: int, position: int = 0) -> Result:
    if axis < len(shape) and shape[axis] is ROWS and len(shape) > 1:
        raise call.unsupported(f"rows and neurons fall together in {written(shape)}")
    return Result("plumbing", (Signal(shape, axis, signal.base, call.out(position), signal.nonlinear),))


def elements_of(shape: Shape) -> int:
    """Elements of a row, FREE if the file doesn't say."""
    sizes = [size for size in shape if size is not None]
    return FREE if FREE in sizes else math.prod(sizes)


def shape_of(call: Call) -> Result:
    """Shape: a constant, but for the number of rows."""
    value = call.value(0)
    shape: Shape = value.dims if isinstance(value, Constant) else call.signal().shape
    part = shape[slice(call.attribute("start", 0), call.attribute("end", len(shape)))]
    if FREE in part:
        raise call.unsupported(f"it asks for the shape {written(shape)}, which the file doesn't give")
    return Result("constant", (Constant((len(part),), part),))
