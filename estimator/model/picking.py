"""Rule of operators that pick some of the neurons or positions: Slice, Gather, Split."""

from estimator.model.call import OTHER_ROWS, Call, Result
from estimator.model.plumbing import moved
from estimator.model.values import FREE, ROWS, Signal


def pick(call: Call) -> Result:
    """Slice, Gather, Split: some of the neurons, or of the positions; never of the rows."""
    signal = call.signal()
    rank = len(signal.shape)
    if call.node.op_type == "Slice":
        starts = call.integers("starts", 1) or ()
        axes = call.integers("axes", 3) or tuple(range(len(starts)))
        return _picked(call, signal, [call.axis(a, rank) for a in axes], _slice_sizes(call, signal, axes))
    axis = call.axis(call.attribute("axis", 0), rank)
    if call.node.op_type == "Gather":
        chosen = call.constant(1)
        if len(chosen.dims) != 1:
            raise call.unsupported("Gather with indices that are no list")
        return _picked(call, signal, [axis], [chosen.dims[0]])
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
        sizes.append(
            FREE if width in (None, FREE) else len(range(*slice(start, end, step).indices(width or 0)))
        )
    return sizes


def _picked(call: Call, signal: Signal, axes: list[int], sizes: list[int], position: int = 0) -> Result:
    shape = list(signal.shape)
    for axis, size in zip(axes, sizes, strict=True):
        if shape[axis] is ROWS:
            raise call.unsupported(f"it picks rows: {OTHER_ROWS}")
        call.require(size != 0, "it picks nothing")
        shape[axis] = size
    return moved(call, signal, tuple(shape), signal.axis, position)
