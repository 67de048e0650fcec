"""Rules of operators that mix neurons linearly: Gemm, MatMul, Conv, Concat."""

from estimator.model.call import OTHER_ROWS, Call, Result, written
from estimator.model.spatial import transposed_sizes, window_sizes
from estimator.model.values import FREE, Constant, Shape, Signal, broadcast, counts_rows


def gemm(call: Call) -> Result:
    """alpha A' B' + beta C, of matrices; one of A and B is a constant."""
    shapes = []
    for position, flag in ((0, "transA"), (1, "transB")):
        shape = _shape(call, position)
        call.require(len(shape) == 2, f"Gemm of a tensor {written(shape)}, which is no matrix")
        shapes.append(shape[::-1] if call.attribute(flag, 0) else shape)
    if isinstance(call.value(0), Signal) and isinstance(call.value(1), Signal):
        raise call.unsupported(f"a product of two branches of rows: {OTHER_ROWS}")
    return _product(call, shapes[0], shapes[1], isinstance(call.value(0), Signal))


def matmul(call: Call) -> Result:
    return product(call, 0, 1)


def product(call: Call, left: int, right: int) -> Result:
    """The product of the inputs at these positions; of two branches as attention has it."""
    if isinstance(call.value(left), Signal) and isinstance(call.value(right), Signal):
        return _of_branches(call, call.signal(left), call.signal(right))
    return _product(call, _shape(call, left), _shape(call, right), isinstance(call.value(left), Signal))


def _of_branches(call: Call, left: Signal, right: Signal) -> Result:
    """Each row's matrices multiplied: new neurons, along the last axis. In attention these are a head's
    features, and the axis before the tokens counts the heads, by itself or together with the rows."""
    rank = len(left.shape)
    if len(right.shape) != rank or rank < 3 or left.rows >= rank - 2 or right.rows >= rank - 2:
        raise call.unsupported(
            f"a product of branches {written(left.shape)} and {written(right.shape)}: {OTHER_ROWS}"
        )
    stack = broadcast(left.shape[:-2], right.shape[:-2])
    inner = (left.shape[-1], right.shape[-2])
    call.require(
        stack is not None and (FREE in inner or inner[0] == inner[1]),
        f"shapes {written(left.shape)} and {written(right.shape)} do not fit",
    )
    shape = (*(stack or ()), left.shape[-2], right.shape[-1])
    separate, together = rank == 4 and left.rows == 0, rank == 3 and left.merged
    heads = 1 if separate else 0 if together else None
    return Result("nonlinear", (call.fresh(shape, rank - 1, nonlinear=True, heads=heads),))


def _shape(call: Call, position: int) -> Shape:
    value = call.value(position)
    if isinstance(value, Constant):
        return value.dims
    return call.signal(position).shape


def _product(call: Call, left: Shape, right: Shape, first: bool) -> Result:
    """The product of a signal and a constant matrix (or vector), on either side. first: the signal's side."""
    constant = right if first else left
    if len(constant) > 2 and any(d != 1 for d in constant[:-2]):
        raise call.unsupported(f"a stack of matrices {written(constant)}; one matrix is supported")
    call.require(len(left) > 0 and len(right) > 0, "a product of matrices with a single number")
    inner_left = left[-1]
    inner_right = right[-2] if len(right) > 1 else right[0]
    if counts_rows(inner_left) or counts_rows(inner_right):
        raise call.unsupported(f"it sums over rows, {written(left)} by {written(right)}: {OTHER_ROWS}")
    if FREE not in (inner_left, inner_right):
        call.require(inner_left == inner_right, f"shapes {written(left)} and {written(right)} do not fit")
    if first:
        shape = left[:-1] + ((right[-1],) if len(right) > 1 else ())
        axis = len(shape) - 1
    elif len(left) > 1:
        shape = (*right[:-2], left[-2], *right[-1:]) if len(right) > 1 else (left[-2],)
        axis = len(shape) - 2
    else:
        shape, axis = (*right[:-2], *right[-1:]), len(right) - 2
    return Result("mix", (call.fresh(shape, axis),))


def convolution(call: Call) -> Result:
    """Conv, ConvTranspose: a neuron is a channel."""
    return convolved(call, 1)


def convolved(call: Call, at: int) -> Result:
    """at: the position of the weights."""
    signal, weights = call.signal(), call.constant(at)
    call.require(len(signal.shape) == len(weights.dims) >= 3, "input and weights differ in their axes")
    if signal.rows != 0:
        raise call.unsupported(OTHER_ROWS)
    groups = call.attribute("group", 1)
    call.require(groups >= 1, f"group is {groups}")
    transposed = call.node.op_type == "ConvTranspose"
    taken = weights.dims[0] if transposed else weights.dims[1] * groups
    made = weights.dims[1] * groups if transposed else weights.dims[0]
    call.require(
        signal.shape[1] in (taken, FREE),
        f"weights {written(weights.dims)} do not fit the input {written(signal.shape)}",
    )
    kernel = tuple(size or 0 for size in weights.dims[2:])
    sizes = (transposed_sizes if transposed else window_sizes)(call, signal.shape[2:], kernel)
    return Result("mix", (call.fresh((signal.shape[0], made, *sizes), 1),))


def concat(call: Call) -> Result:
    """Concat: the neurons of several branches side by side."""
    signals = call.signals() or (call.signal(),)  # which says what is there instead
    first = signals[0]
    axis = call.axis(call.attribute("axis", 0), len(first.shape))
    if counts_rows(first.shape[axis]):
        raise call.unsupported(f"it stacks rows: {OTHER_ROWS}")
    width = 0
    for position, value in enumerate(call.inputs):
        shape = value.dims if isinstance(value, Constant) else call.signal(position).shape
        call.require(len(shape) == len(first.shape), "its inputs differ in their axes")
        if counts_rows(shape[first.rows]) is not any(map(counts_rows, shape)) or not (
            counts_rows(shape[first.rows]) or shape[first.rows] == 1
        ):
            raise call.unsupported(f"a tensor {written(shape)} meets the rows: {OTHER_ROWS}")
        size = shape[axis]
        width = FREE if FREE in (width, size) or size is None else width + size
    shape = (*first.shape[:axis], width, *first.shape[axis + 1 :])
    together = len(signals) == len(call.inputs) and all(
        (s.base, s.layout) == (first.base, first.layout) for s in signals
    )
    if together and axis == first.axis:
        # Several functions of the same neurons (a probability and its complement): still the same layer.
        nonlinear = any(s.nonlinear for s in signals)
        return Result("pointwise", (Signal(shape, axis, first.base, call.out(), nonlinear),))
    if axis != first.axis:  # joined along positions: the same neurons
        return Result("mix", (call.fresh(shape, first.axis),))
    return Result("mix", (call.fresh(shape, axis),))
