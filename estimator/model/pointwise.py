"""Rules of operators that work neuron by neuron: activation functions, sums and products, scaling."""

from dataclasses import replace

from estimator.model.call import NOT_DETERMINISTIC, OTHER_ROWS, Call, Result, Step, written
from estimator.model.decisions import relabel
from estimator.model.values import ROWS, Constant, Shape, Signal, broadcast, counts_rows, rows_axes


def activation(call: Call) -> Result:
    """A nonlinear function of each neuron; further inputs (slopes, bounds) are constants."""
    signal = call.signal()
    for position, value in enumerate(call.inputs):
        if position and value is not None:
            _fit(call, signal, call.constant(position))
    return Result("pointwise", (_same(signal, nonlinear=True),))


def negation(call: Call) -> Result:
    return Result("scalar", (call.signal(),))


def dropout(call: Call) -> Result:
    """The identity in inference. In training it is noise: a mask for each block of rows."""
    training = call.optional(2)
    if training is not None and (not isinstance(training, Constant) or training.items != (0,)):
        raise call.unsupported(f"training_mode is set: {NOT_DETERMINISTIC}")
    return Result("plumbing", (call.signal(),) * len(call.node.output))


def linear(call: Call) -> Result:
    """Add, Sub, Sum, Mean: with constants a shift, of branches a linear combination."""
    step, signal = _elementwise(call, product=False)
    return Result(step, (signal,))


def product(call: Call) -> Result:
    """Mul, Div: with constants a scaling, of branches a gate."""
    step, signal = _elementwise(call, product=True)
    return Result(step, (signal,))


def extremum(call: Call) -> Result:
    """Max, Min: of constants and one branch an activation, of branches something new."""
    step, signal = _elementwise(call, product=True)
    return Result("nonlinear" if step == "nonlinear" else "pointwise", (_same(signal, nonlinear=True),))


def power(call: Call) -> Result:
    if isinstance(call.value(0), Constant):  # a ** x
        _fit(call, call.signal(1), call.constant(0))
        return Result("pointwise", (_same(call.signal(1), nonlinear=True),))
    return activation(call)


def equality(call: Call) -> Result:
    """Equal: with a list of constants along a new axis, a one-hot code; else a function of each neuron."""
    step, signal = _elementwise(call, product=True)
    kept = step in ("scalar", "affine", "pointwise")
    return Result("pointwise" if kept else "nonlinear", (replace(signal, nonlinear=True),))


def choice(call: Call) -> Result:
    """Where: of each neuron one of two values, as a condition on it says; else something new."""
    condition, branches = call.value(0), [value for value in call.inputs[1:] if isinstance(value, Signal)]
    if not branches:
        return relabel(call)
    shape: Shape = branches[0].shape
    for value in call.inputs[1:]:
        other = (
            value.shape if isinstance(value, Signal) else value.dims if isinstance(value, Constant) else ()
        )
        joined = broadcast(shape, other)
        if joined is None:
            _misfit(call, shape, other)
        shape = joined or ()
    first = branches[0]
    same = isinstance(condition, Constant) or getattr(condition, "base", "") == first.base
    if (
        same
        and shape == first.shape
        and all((b.base, b.layout) == (first.base, first.layout) for b in branches)
    ):
        return Result("pointwise", (_same(first, nonlinear=True),))
    axis = first.axis + len(shape) - len(first.shape)
    return Result("nonlinear", (call.fresh(shape, axis, nonlinear=True),))


def batch_normalization(call: Call) -> Result:
    """A scale and a shift for each neuron, in inference."""
    signal = call.signal()
    if call.attribute("training_mode", 0) or len([name for name in call.node.output if name]) > 1:
        raise call.unsupported(f"it is in training mode: {OTHER_ROWS}")
    call.require(len(call.inputs) >= 5, "BatchNormalization needs 5 inputs")
    channels = signal.shape[1] if len(signal.shape) > 1 else 1
    if counts_rows(channels):
        raise call.unsupported(OTHER_ROWS)
    for position in range(1, 5):
        size = call.constant(position).size
        call.require(channels in (size, -1), f"{size} parameters for {channels} channels")
    return Result("affine", (signal,))


def scaler(call: Call) -> Result:
    """ai.onnx.ml.Scaler: (x - offset) * scale for each feature."""
    return Result("affine", (call.signal(),))


def _elementwise(call: Call, *, product: bool) -> tuple[Step, Signal]:
    signals = call.signals()
    if not signals:
        raise call.unsupported("it computes with a label, which is a decision and no activation")
    shape: Shape = signals[0].shape
    for position, value in enumerate(call.inputs):
        if not isinstance(value, Signal | Constant):
            call.signal(position)  # says that it is a label, or missing
            continue
        other = value.shape if isinstance(value, Signal) else value.dims
        joined = broadcast(shape, other)
        if joined is None or rows_axes(joined) != 1:
            _misfit(call, shape, other)
        else:
            shape = joined
    if any(s.shape != shape for s in signals):  # spread over more neurons than there were
        wide = max(signals, key=lambda s: len(s.shape))
        axis = wide.axis + len(shape) - len(wide.shape)
        curved = len(signals) > 1 and product
        return "nonlinear" if curved else "mix", call.fresh(shape, axis, nonlinear=curved)
    first = signals[0]
    if len(signals) == 1:
        if call.node.op_type == "Div" and isinstance(call.inputs[0], Constant):
            return "pointwise", _same(first, nonlinear=True)
        alone = all(c.size == 1 for c in call.inputs if isinstance(c, Constant))
        return "scalar" if alone else "affine", first
    if all((s.base, s.layout) == (first.base, first.layout) for s in signals):
        curved = product or any(s.nonlinear for s in signals)
        return "pointwise" if curved else "affine", _same(first, nonlinear=curved)
    # The model's inputs don't say which of several axes counts features; what was mixed does.
    mixed = next((s for s in signals if s.base not in call.given), first)
    return "nonlinear" if product else "mix", call.fresh(shape, mixed.axis, nonlinear=product)


def _same(signal: Signal, *, nonlinear: bool) -> Signal:
    return Signal(signal.shape, signal.axis, signal.base, signal.layout, nonlinear)


def _fit(call: Call, signal: Signal, constant: Constant) -> None:
    """A parameter of an activation: it must not change the shape, nor differ between rows."""
    if broadcast(signal.shape, constant.dims) != signal.shape:
        _misfit(call, signal.shape, constant.dims)


def _misfit(call: Call, shape: Shape, other: Shape) -> None:
    padded = (1,) * (len(shape) - len(other)) + other
    meets_rows = any(counts_rows(a) and b not in (ROWS, 1) for a, b in zip(shape, padded, strict=False))
    if meets_rows or rows_axes(other):
        raise call.unsupported(f"a tensor {written(other)} meets the rows of {written(shape)}: {OTHER_ROWS}")
    raise call.invalid(f"shapes {written(shape)} and {written(other)} do not fit")
