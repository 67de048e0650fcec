"""Rules of blocks that the standard has an operator for: recurrent layers and attention.

Each is one layer. A neuron is a feature (of each direction, of each head), averaged over steps or tokens.
"""

from estimator.model.call import OTHER_ROWS, Call, Result
from estimator.model.values import FREE, ROWS, Signal


def recurrent(call: Call) -> Result:
    """LSTM, GRU, RNN: Y [steps, directions, rows, features], then the states after the last step."""
    signal, weights = call.signal(), call.constant(2)
    if call.attribute("layout", 0) != 0:
        raise call.unsupported("layout 1; export with steps first")
    axes = {len(signal.shape), len(weights.dims), len(call.constant(1).dims)}
    call.require(axes == {3}, "its input or weights have not 3 axes")
    if signal.shape[1] is not ROWS:
        raise call.unsupported(f"its input must be [steps, rows, features]: {OTHER_ROWS}")
    features, taken = weights.dims[2], call.constant(1).dims[-1]
    call.require(signal.shape[2] in (taken, FREE), f"weights for {taken} features")
    for position in range(3, len(call.inputs)):
        if call.inputs[position] is not None:
            call.constant(position)  # a state or length that comes from the data is more than one layer
    directions = weights.dims[0]
    made = [call.fresh((signal.shape[0], directions, ROWS, features), 3, nonlinear=True, heads=1)]
    for position in range(1, len(call.node.output)):
        made.append(call.fresh((directions, ROWS, features), 2, nonlinear=True, position=position, heads=0))
    return Result("nonlinear", tuple(made))


def attention(call: Call) -> Result:
    """Attention (opset 23): [rows, tokens, features] or [rows, heads, tokens, features] of Q, K and V."""
    query, values = call.signal(0), call.value(2)
    rank = len(query.shape)
    call.require(rank in (3, 4), "its input has not 3 or 4 axes")
    if query.rows != 0 or query.merged or any(name for name in call.node.output[1:]):
        raise call.unsupported(f"only its first output, of rows first, is supported: {OTHER_ROWS}")
    shape = values.shape if isinstance(values, Signal) else call.constant(2).dims
    call.require(len(shape) == rank, "Q and V differ in their axes")
    heads, of_values = call.attribute("q_num_heads", 0), call.attribute("kv_num_heads", 0)
    width = shape[-1] or FREE
    if rank == 3 and width != FREE and heads and of_values:
        width = width // of_values * heads
    made = call.fresh(
        (*query.shape[:-1], width), rank - 1, nonlinear=True, heads=1 if rank == 4 else None
    )  # fmt: skip
    return Result("nonlinear", (made,))
