"""Rules of onnxruntime's own operators (com.microsoft), as its optimiser puts them in: several steps in one.

Only those of this file are known; every other operator of the domain is refused at the door.
"""

from dataclasses import replace

from estimator.model.affine import convolution, gemm, matmul
from estimator.model.call import OTHER_ROWS, Call, Result, Step, written
from estimator.model.pointwise import activation, linear
from estimator.model.values import FREE, Constant, Signal, Value

_NEW: Step = "nonlinear"


def fused_gemm(call: Call) -> Result:
    """FusedGemm: Gemm, then an activation."""
    return _activated(gemm(call))


def fused_convolution(call: Call) -> Result:
    """FusedConv: Conv, then the sum with a fourth input of that shape, then an activation."""
    made = convolution(call)
    beside = call.optional(3)
    if isinstance(beside, Signal):
        signal = made.values[0]
        fits = isinstance(signal, Signal) and beside.shape == signal.shape
        call.require(fits, f"it adds {written(beside.shape)}, which is of another shape")
    return _activated(made)


def fused_matmul(call: Call) -> Result:
    """FusedMatMul: a product of which either side may be transposed, times alpha."""
    if call.attribute("transBatchA", 0) or call.attribute("transBatchB", 0):
        raise call.unsupported("transBatchA or transBatchB is set; optimise the model at a lower level")
    inputs = list(call.inputs)
    for position, flag in ((0, "transA"), (1, "transB")):
        if call.attribute(flag, 0) and position < len(inputs):
            inputs[position] = _last_two_swapped(call, inputs[position])
    return matmul(replace(call, inputs=tuple(inputs)))


def biased(call: Call) -> Result:
    """BiasGelu, FastGelu: an activation of x + bias."""
    bias = call.optional(1)
    if bias is None:
        return activation(call)
    shifted = linear(call).values[0]
    if not isinstance(shifted, Signal):
        raise call.unsupported("it computes with a label, which is a decision and no activation")
    return Result("pointwise", (replace(shifted, nonlinear=True),))


def skip_normalisation(call: Call) -> Result:
    """SkipLayerNormalization: of x + skip + bias, over the last axis. The sum may be an output, too."""
    signal, rank = call.signal(), len(call.signal().shape)
    skip = call.value(1)
    shape = skip.shape if isinstance(skip, Signal) else skip.dims if isinstance(skip, Constant) else ()
    call.require(rank >= 2 and shape[-1:] == signal.shape[-1:], "its input and skip differ in their width")
    if signal.rows == rank - 1 or (isinstance(skip, Signal) and skip.rows != signal.rows):
        raise call.unsupported(OTHER_ROWS)
    if any(call.out(position) for position in (1, 2)):
        raise call.unsupported("its mean and deviation are used; they are no outputs in inference")
    made = call.fresh(signal.shape, rank - 1, nonlinear=True)
    total = call.fresh(signal.shape, rank - 1, position=3) if call.out(3) else Constant(())
    return Result(_NEW, (made, Constant(()), Constant(()), total))


def attention(call: Call) -> Result:
    """Attention (one input), MultiHeadAttention (query, key, value): [rows, tokens, features] in and out.

    A mask must be a constant; no state of earlier tokens is taken or given.
    """
    query = call.signal()
    if len(query.shape) != 3 or query.rows != 0 or query.merged:
        raise call.unsupported(f"its input is no [rows, tokens, features]: {OTHER_ROWS}")
    if any(call.out(position) for position in range(1, len(call.node.output))):
        raise call.unsupported("only its first output is supported: it keeps a state of earlier tokens")
    several = call.node.op_type == "MultiHeadAttention"
    for position in range(3, len(call.inputs)):
        if call.inputs[position] is not None:
            call.constant(position)
    if not several:
        dims, sizes = call.constant(1).dims, call.integers("qkv_hidden_sizes", len(call.inputs))
        width = dims[1] if len(dims) == 2 else None
        whole = isinstance(width, int) and (width % 3 == 0 if sizes is None else len(sizes) == 3)
        call.require(whole, "its weights are not those of Q, K and V")
        features: int | None = sizes[2] if sizes else (width or 0) // 3
    else:
        values = call.optional(2)
        features = values.shape[-1] if isinstance(values, Signal) else FREE
    shape = (query.shape[0], query.shape[1], features)
    return Result(_NEW, (call.fresh(shape, 2, nonlinear=True),))


def _activated(made: Result) -> Result:
    signal = made.values[0]
    return Result(_NEW, (replace(signal, nonlinear=True),)) if isinstance(signal, Signal) else made


def _last_two_swapped(call: Call, value: Value | None) -> Value | None:
    """The value with its last two axes swapped."""
    if isinstance(value, Constant):
        call.require(len(value.dims) >= 2, "it transposes a vector")
        return Constant((*value.dims[:-2], value.dims[-1], value.dims[-2]))
    if isinstance(value, Signal):
        rank = len(value.shape)
        call.require(rank >= 2, "it transposes a vector")
        axis = {rank - 1: rank - 2, rank - 2: rank - 1}.get(value.axis, value.axis)
        shape = (*value.shape[:-2], value.shape[-1], value.shape[-2])
        return Signal(shape, axis, value.base, f"{value.layout}{call.out()}", value.nonlinear)
    return value
