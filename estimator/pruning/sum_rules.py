"""Rules of operators that sum over channels and make new ones: their weights lose a slice on either side."""

from estimator.pruning.effects import Blocked, Effects, Indices, blocked_by
from estimator.pruning.node_view import NodeView


def _weights(view: NodeView, position: int) -> tuple[int, ...]:
    constant = view.constant(position)
    if constant is None:
        raise blocked_by(view)
    name = view.node.input[position]
    made_by = view.flow.graph.producer.get(name)
    if made_by is not None and view.flow.graph.nodes[made_by].op_type == "DequantizeLinear":
        raise Blocked(f"the weights of {view.name} are quantised")
    return tuple(size or 0 for size in constant.dims)


def gemm(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """alpha A' B' + beta C: a channel of A goes with a row of B', one of the result with a column and C's."""
    dims = _weights(view, 1)
    if not view.is_signal(0) or view.is_signal(2):
        raise blocked_by(view)
    summed, made = (1, 0) if view.attribute("transB", 0) else (0, 1)
    if side == "in":
        if axis != (0 if view.attribute("transA", 0) else 1):
            raise blocked_by(view)
        return Effects(slices=[(1, summed, indices)], absorbs=True)
    effects = Effects(slices=[(1, made, indices)])
    bias = view.constant(2)
    if bias is not None and bias.dims:
        if len(bias.dims) == 2 and bias.dims[0] != 1:
            raise blocked_by(view)
        if bias.dims[-1] == dims[made] != 1:
            effects.slices.append((2, len(bias.dims) - 1, indices))
    return effects


def matmul(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """X W or W X. Other axes of X than the one that is summed over go through."""
    left = view.is_signal(0)
    if left and view.is_signal(1):
        raise blocked_by(view)
    position = 1 if left else 0
    if len(_weights(view, position)) != 2:
        raise blocked_by(view)
    signal, made = view.node.input[1 - position], view.node.output[0]
    rank = len(view.shape(signal))
    mixed = rank - 1 if left else rank - 2
    if rank < 2:
        raise blocked_by(view)
    if axis != mixed:
        return Effects(links=[(signal, axis, indices), (made, axis, indices)])
    if side == "in":
        return Effects(slices=[(position, 0 if left else 1, indices)], absorbs=True)
    return Effects(slices=[(position, 1 if left else 0, indices)])


def convolution(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Conv: weights (made, taken / groups, kernel). A depthwise one has a group a channel."""
    dims, groups = _weights(view, 1), view.attribute("group", 1)
    if axis != 1 or view.is_signal(2):
        raise blocked_by(view)
    of_bias = [(2, 0)] if view.has_input(2) else []
    if groups == 1:
        if side == "in":
            return Effects(slices=[(1, 1, indices)], absorbs=True)
        return Effects(slices=[(position, at, indices) for position, at in [(1, 0), *of_bias]])
    if dims[1] != 1:
        raise Blocked(f"{view.name} has {groups} groups of several channels")
    each = dims[0] // groups
    taken = indices if side == "in" else frozenset(i // each for i in indices)
    made = frozenset(i * each + j for i in taken for j in range(each))
    return Effects(
        links=[(view.node.input[0], 1, taken), (view.node.output[0], 1, made)],
        slices=[(position, at, made) for position, at in [(1, 0), *of_bias]],
    )


def transposed_convolution(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """ConvTranspose: weights (taken, made / groups, kernel)."""
    _weights(view, 1)
    if axis != 1 or view.attribute("group", 1) != 1 or view.is_signal(2):
        raise blocked_by(view)
    if side == "in":
        return Effects(slices=[(1, 0, indices)], absorbs=True)
    return Effects(slices=[(1, 1, indices), *([(2, 0, indices)] if view.has_input(2) else [])])
