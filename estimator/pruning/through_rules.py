"""Rules of operators that a channel goes through as it is: activations, pools, norms, joins, moves."""

from estimator.model.values import Constant
from estimator.pruning.effects import Blocked, Effects, Indices, blocked_by, same
from estimator.pruning.node_view import NodeView


def elementwise(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Element by element, with what is broadcast: the channel of every operand that has that axis."""
    touched = (view.node.input if side == "in" else view.node.output)[slot]
    from_end = len(view.shape(touched)) - axis
    size = view.shape(touched)[axis]
    effects = Effects()
    for position, name in enumerate(view.node.input):
        if not name:
            continue
        shape = view.shape(name)
        if len(shape) < from_end or shape[-from_end] == 1 != size:
            continue  # the same for all channels
        if view.is_signal(position):
            effects.links.append((name, len(shape) - from_end, indices))
        elif shape[-from_end] == size:
            effects.slices.append((position, len(shape) - from_end, indices))
        else:
            raise blocked_by(view)
    for name in filter(None, view.node.output):
        if view.signal(name) is not None:
            effects.links.append((name, len(view.shape(name)) - from_end, indices))
    return effects


def quantisation(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """With one scale for all channels it is element by element."""
    constants = [view.constant(position) for position in (1, 2)]
    if slot > 0 or any(c is not None and c.size != 1 for c in constants):
        raise blocked_by(view)
    return same(view, axis, indices)


def channel_norm(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """BatchNormalization, InstanceNormalization: parameters of each channel, axis 1."""
    if axis != 1 or slot > 0:
        raise blocked_by(view)
    effects = same(view, 1, indices)
    effects.slices = [(position, 0, indices) for position in range(1, len(view.node.input))]
    return effects


def pool(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    if axis != 1:
        raise blocked_by(view)
    return same(view, 1, indices, [view.node.input[0], view.node.output[0]])


def identity(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Identity, Cast, Dropout in inference."""
    if slot > 0:
        raise blocked_by(view)
    return same(view, axis, indices)


def transpose(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    rank = len(view.shape(view.node.input[0]))
    order = list(view.attribute("perm", list(range(rank))[::-1]))
    taken = axis if side == "in" else order[axis] % rank
    made = [a % rank for a in order].index(taken)
    return Effects(links=[(view.node.input[0], taken, indices), (view.node.output[0], made, indices)])


def reduction(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """A mean over positions keeps the channels; one over channels does not."""
    rank = len(view.shape(view.node.input[0]))
    axes = view.integers("axes", 1)
    if not axes or slot > 0:
        raise blocked_by(view)
    gone = {a % rank for a in axes}
    kept = list(range(rank)) if view.attribute("keepdims", 1) else [a for a in range(rank) if a not in gone]
    taken = axis if side == "in" else kept[axis]
    if taken in gone:
        raise Blocked(f"{view.name} goes over the channels")
    made = kept.index(taken)
    return Effects(links=[(view.node.input[0], taken, indices), (view.node.output[0], made, indices)])


def concat(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Along the channels: each input has its stretch of them. Along another axis: all have the channel."""
    rank = len(view.shape(view.node.output[0]))
    along = view.attribute("axis", 0) % rank
    effects, start = Effects(), 0
    if axis == along and side == "in":
        before = [view.shape(name)[along] for name in view.node.input[:slot]]
        indices = frozenset(i + sum(before) for i in indices)
        if min(before, default=0) < 0:
            raise blocked_by(view)
    effects.links.append((view.node.output[0], axis, indices))
    for position, name in enumerate(view.node.input):
        own = indices
        if axis == along:
            stop = start + view.shape(name)[along]
            own, start = frozenset(i - start for i in indices if start <= i < stop), stop
        if own and view.is_signal(position):
            effects.links.append((name, axis, own))
        elif own:
            effects.slices.append((position, axis, own))
    return effects


def pick(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Slice, Split along another axis than that of the channels."""
    if slot > 0 and side == "in":
        raise blocked_by(view)
    rank = len(view.shape(view.node.input[0]))
    if view.operator == "Split":
        axes: tuple[int, ...] | None = (view.attribute("axis", 0),)
    else:
        axes = view.integers("axes", 3)
    if axes is None or axis in {a % rank for a in axes}:
        raise Blocked(f"{view.name} picks some of the channels")
    return same(view, axis, indices)


def pad_or_resize(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Pad, Resize, Upsample of positions; sizes that are spelled out would name the channels."""
    taken, made = (view.shape(name) for name in (view.node.input[0], view.node.output[0]))
    sized = view.operator == "Resize" and view.has_input(3)
    if slot > 0 or sized or axis == 0 or len(taken) != len(made) or taken[axis] != made[axis]:
        raise blocked_by(view)
    return same(view, axis, indices)


def shape_of(view: NodeView, side: str, slot: int, axis: int, indices: Indices) -> Effects:
    """Shape: allowed where only the number of rows is taken from it."""
    if view.attribute("start", 0) == 0 and view.attribute("end") == 1:
        return Effects()
    for user in view.flow.graph.consumers.get(view.node.output[0], ()):
        other = NodeView(view.flow, user)
        chosen = other.constant(1)
        picks_rows = isinstance(chosen, Constant) and chosen.items is not None and set(chosen.items) == {0}
        if other.operator != "Gather" or not picks_rows:
            raise Blocked(f"{view.name} counts the channels")
    return Effects()
