"""Rule of operators that pick some of the neurons or positions: Slice, Gather, Split."""

from estimator.model.call import OTHER_ROWS, Call, Result
from estimator.model.plumbing import moved
from estimator.model.values import FREE, Constant, Signal, counts_rows

_TO_THE_END, _ALL = 10**9, -2  # what tf2onnx writes for "all"; a mark for an axis kept whole


def pick(call: Call) -> Result:
    """Slice, Gather, Split: some of the neurons, or of the positions; never of the rows."""
    if call.node.op_type == "Gather" and isinstance(call.value(0), Constant):
        return _embedded(call)
    signal = call.signal()
    rank = len(signal.shape)
    if call.node.op_type == "Slice":
        starts = call.integers("starts", 1) or ()
        axes = call.integers("axes", 3) or tuple(range(len(starts)))
        return _picked(call, signal, [call.axis(a, rank) for a in axes], _slice_sizes(call, signal, axes))
    axis = call.axis(call.attribute("axis", 0), rank)
    if call.node.op_type == "Gather":
        chosen = call.constant(1)
        if not chosen.dims:  # one index: the axis goes
            return _one(call, signal, axis)
        if len(chosen.dims) != 1:
            raise call.unsupported("Gather with indices that are no list")
        return _picked(call, signal, [axis], [chosen.dims[0] or 0])
    sizes = call.integers("split", 1)
    outputs = len(call.node.output)
    width = signal.shape[axis]
    if sizes is None and width not in (None, FREE):
        share = -(-(width or 0) // outputs)
        sizes = tuple(min(share, (width or 0) - share * i) for i in range(outputs))
    if sizes is None or len(sizes) != outputs:
        raise call.unsupported("Split into parts of unknown size")
    values = [_picked(call, signal, [axis], [size], i).values[0] for i, size in enumerate(sizes)]
    return Result("plumbing", tuple(values))


def _one(call: Call, signal: Signal, axis: int) -> Result:
    if counts_rows(signal.shape[axis]):
        raise call.unsupported(f"it picks a row: {OTHER_ROWS}")
    shape = (*signal.shape[:axis], *signal.shape[axis + 1 :])
    if axis == signal.axis:
        others = [a for a, size in enumerate(shape) if not counts_rows(size)]
        return moved(call, signal, shape, others[-1] if others else 0)
    return moved(call, signal, shape, signal.axis - (axis < signal.axis))


def _embedded(call: Call) -> Result:
    """A row of a table of constants for each index that the data gives: an embedding."""
    table, chosen = call.constant(0), call.signal(1)
    if call.axis(call.attribute("axis", 0), len(table.dims)) != 0 or len(table.dims) != 2:
        raise call.unsupported("an embedding is a matrix whose rows are picked")
    shape = (*chosen.shape, table.dims[1])
    return Result("nonlinear", (call.fresh(shape, len(shape) - 1, nonlinear=True),))


def one_hot(call: Call) -> Result:
    """OneHot: an axis of its own for the values that an index may have."""
    chosen, depth = call.signal(), call.constant(1).items
    if depth is None or len(depth) != 1 or depth[0] is None or depth[0] < 1:
        raise call.unsupported("its depth is computed")
    rank = len(chosen.shape) + 1
    axis = call.axis(call.attribute("axis", -1), rank)
    shape = (*chosen.shape[:axis], depth[0], *chosen.shape[axis:])
    return Result("nonlinear", (call.fresh(shape, axis, nonlinear=True),))


def _slice_sizes(call: Call, signal: Signal, axes: tuple[int, ...]) -> list[int]:
    starts, ends = call.integers("starts", 1) or (), call.integers("ends", 2) or ()
    steps = call.integers("steps", 4) or (1,) * len(axes)
    call.require(
        len(starts) == len(ends) == len(axes) == len(steps), "starts, ends and axes differ in number"
    )
    sizes = []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        width = signal.shape[call.axis(axis, len(signal.shape))]
        call.require(step != 0, "a step of 0")
        if counts_rows(width) and start == 0 and end >= _TO_THE_END and step == 1:
            sizes.append(_ALL)
            continue
        sizes.append(
            FREE if width in (None, FREE) else len(range(*slice(start, end, step).indices(width or 0)))
        )
    return sizes


def _picked(call: Call, signal: Signal, axes: list[int], sizes: list[int], position: int = 0) -> Result:
    shape = list(signal.shape)
    for axis, size in zip(axes, sizes, strict=True):
        if size == _ALL:
            continue
        if counts_rows(shape[axis]):
            raise call.unsupported(f"it picks rows: {OTHER_ROWS}")
        call.require(size != 0, "it picks nothing")
        shape[axis] = size
    return moved(call, signal, tuple(shape), signal.axis, position)
