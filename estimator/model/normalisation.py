"""Rules of operators that look at several neurons or positions at once: softmax, norms, pools, means."""

from estimator.model.call import OTHER_ROWS, Call, Result
from estimator.model.spatial import window_sizes
from estimator.model.values import Shape, Signal, counts_rows


def softmax(call: Call) -> Result:
    """Softmax, LogSoftmax. Before opset 13 it runs over all axes from `axis` on."""
    signal = call.signal()
    rank = len(signal.shape)
    axis = call.axis(call.attribute("axis", -1 if call.opset >= 13 else 1), rank)
    over = range(axis, axis + 1) if call.opset >= 13 else range(axis, rank)
    _apart_from_rows(call, signal, over)
    return Result("nonlinear", (call.fresh(signal.shape, signal.axis, nonlinear=True),))


def layer_normalization(call: Call) -> Result:
    """LayerNormalization, RMSNormalization: over the axes from `axis` on."""
    signal = call.signal()
    axis = call.axis(call.attribute("axis", -1), len(signal.shape))
    _apart_from_rows(call, signal, range(axis, len(signal.shape)))
    if axis == len(signal.shape) - 1 > 1:  # what is normalised together are the features of a position
        return Result("nonlinear", (call.fresh(signal.shape, axis, nonlinear=True),))
    return _new(call, signal)


def channel_normalization(call: Call) -> Result:
    """InstanceNormalization, GroupNormalization, LRN: within a row, over its positions and channels."""
    signal = call.signal()
    if signal.rows != 0:
        raise call.unsupported(OTHER_ROWS)
    return _new(call, signal)


def norm(call: Call) -> Result:
    """LpNormalization: the length along one axis."""
    signal = call.signal()
    axis = call.axis(call.attribute("axis", -1), len(signal.shape))
    _apart_from_rows(call, signal, range(axis, axis + 1))
    return _new(call, signal)


def normalizer(call: Call) -> Result:
    """ai.onnx.ml.Normalizer: over the last axis of a matrix."""
    signal = call.signal()
    if len(signal.shape) != 2 or signal.rows != 0:
        raise call.unsupported(OTHER_ROWS)
    return _new(call, signal)


def pool(call: Call) -> Result:
    """Pools over positions: the channels stay what they are."""
    signal = call.signal()
    call.require(len(signal.shape) >= 3, "a pool needs an axis of positions")
    if signal.rows != 0:
        raise call.unsupported(OTHER_ROWS)
    sizes: tuple[int, ...] = (1,) * (len(signal.shape) - 2)
    if not call.node.op_type.startswith("Global"):
        kernel = call.attribute("kernel_shape", [1])
        call.require(len(kernel) == len(sizes), f"kernel_shape {kernel} on {len(sizes)} axes of positions")
        sizes = window_sizes(call, signal.shape[2:], tuple(kernel))
    shape = (*signal.shape[:2], *sizes)
    return Result("plumbing", (Signal(shape, signal.axis, signal.base, call.out(), signal.nonlinear),))


def reduction(call: Call) -> Result:
    """ReduceMean, ReduceSum, ReduceMax: over positions the neurons stay, over neurons something new."""
    signal, rank = call.signal(), len(call.signal().shape)
    given = call.integers("axes", 1)
    if not given and call.attribute("noop_with_empty_axes", 0):
        return Result("plumbing", (signal,))
    axes = {call.axis(a, rank) for a in given} if given else set(range(rank))
    _apart_from_rows(call, signal, axes)
    keep = call.attribute("keepdims", 1)
    shape: Shape = tuple(1 if a in axes else d for a, d in enumerate(signal.shape) if keep or a not in axes)
    axis = signal.axis if keep else len([a for a in range(signal.axis) if a not in axes])
    if signal.axis in axes:
        curved = call.node.op_type not in ("ReduceMean", "ReduceSum")
        if axis >= len(shape) or counts_rows(shape[axis]):
            axis = max((a for a, d in enumerate(shape) if not counts_rows(d)), default=0)
        new = call.fresh(shape, axis, nonlinear=curved)
        return Result("nonlinear" if curved else "mix", (new,))
    return Result("plumbing", (Signal(shape, axis, signal.base, call.out(), signal.nonlinear),))


def _new(call: Call, signal: Signal) -> Result:
    for position in range(1, len(call.inputs)):
        if call.inputs[position] is not None:
            call.constant(position)
    return Result("nonlinear", (call.fresh(signal.shape, signal.axis, nonlinear=True),))


def _apart_from_rows(call: Call, signal: Signal, axes: range | set[int]) -> None:
    if signal.rows in axes:
        raise call.unsupported(f"it works along axis {signal.rows}, the rows: {OTHER_ROWS}")
