"""Rules of quantised models. Rounding is no layer; clipping to the range of the integers may be one.

Where the zero point is the least integer, nothing below 0 can be stored: it has absorbed a Relu.
"""

from estimator.model.affine import convolved, product
from estimator.model.call import Call, Result
from estimator.model.values import Constant, Signal

_LEAST = (0, -128, -32768)


def quantize(call: Call) -> Result:
    """QuantizeLinear: an activation function where it clips at 0 what no activation has been applied to."""
    signal = call.signal()
    if _clips_at_zero(call, 2) and not signal.nonlinear and signal.base not in call.given:
        clipped = Signal(signal.shape, signal.axis, signal.base, signal.layout, True, signal.heads)
        return Result("pointwise", (clipped,))
    return Result("plumbing", (signal,))


def dequantize(call: Call) -> Result:
    """DequantizeLinear: scaled back."""
    return Result("scalar", (call.signal(),))


def dynamic(call: Call) -> Result:
    """DynamicQuantizeLinear: the integers, and the scale and zero point that go with them."""
    return Result("plumbing", (call.signal(), Constant(()), Constant(())))


def integer_product(call: Call) -> Result:
    return product(call, 0, 1)


def quantised_product(call: Call) -> Result:
    """QLinearMatMul."""
    return _clipped(call, product(call, 0, 3), 7)


def quantised_convolution(call: Call) -> Result:
    """QLinearConv."""
    return _clipped(call, convolved(call, 3), 7)


def _clipped(call: Call, made: Result, zero_point: int) -> Result:
    signal = made.values[0]
    if not isinstance(signal, Signal) or not _clips_at_zero(call, zero_point):
        return made
    curved = Signal(signal.shape, signal.axis, signal.base, signal.layout, True, signal.heads)
    return Result("nonlinear", (curved,))


def _clips_at_zero(call: Call, position: int) -> bool:
    zero = call.optional(position)
    if zero is None:
        return True  # unsigned, from 0
    return isinstance(zero, Constant) and zero.items is not None and set(zero.items) <= set(_LEAST)
