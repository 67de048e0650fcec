"""Where the layers are: which tensors hold the activations of a layer, and which layers feed which.

1. A layer ends where a nonlinearity does. Functions of the same neurons that follow each other, or branch
   and meet again (x * sigmoid(x), Gelu spelled by Erf), are one activation function: the layer is at the
   tensor from which the values go on to be mixed, or are returned.
2. Scaling all neurons alike after it belongs to it, and so does taking rows and heads apart. Other affine
   steps belong to the layer that they lead to: steps with no nonlinearity between them are one layer.
3. What the model returns is a layer, nonlinear or not.
4. A layer's sources are the layers that reach it without passing through another. A residual connection is
   a source like any other.
"""

from dataclasses import dataclass

from estimator.errors import UnsupportedModel
from estimator.model.call import Step
from estimator.model.interface import Head
from estimator.model.limits import ModelLimits
from estimator.model.places import beyond
from estimator.model.propagate import Flow
from estimator.model.values import Signal

_STAYS: tuple[Step, ...] = ("plumbing", "scalar", "affine")


@dataclass(frozen=True)
class Found:
    """A layer. signal: of its tensor, None for the model's inputs. nodes: those that became part of it, in
    order. sources: positions in the list of layers."""

    tensor: str
    signal: Signal | None
    nodes: tuple[int, ...]
    sources: tuple[int, ...]
    level: int
    head: Head | None = None


def recognise(flow: Flow, heads: tuple[Head, ...], limits: ModelLimits) -> list[Found]:
    """The layers in a topological order, the inputs first and what the model returns last.

    Raises UnsupportedModel for a model that computes nothing, LimitExceeded for too many layers.
    """
    live = _live(flow, heads)
    if all(flow.steps[i] in ("plumbing", "constant") for i in live):
        raise UnsupportedModel("the model returns its inputs as they are: it has no layer")
    places = _layer_tensors(flow, heads, live)
    returned = {_head_place(flow, head.tensor, places, live): head for head in heads}
    tensors = [t for t in flow.graph.producer if t in places or t in returned]  # in the order of computing
    if len(tensors) + 1 > limits.layers:
        raise beyond("layers", "layers of the model", len(tensors) + 1, limits.layers)
    position = {tensor: i + 1 for i, tensor in enumerate(tensors)}
    reached: dict[str, int] = {i.name: 1 for i in flow.graph.inputs}  # tensor -> its layers, a bit each
    below: dict[str, int] = {}
    for index, node in enumerate(flow.graph.nodes):
        bits = 0
        for name in flow.sources(index):
            bits |= reached.get(name, 0)
        for name in node.output:
            if flow.varies(name):
                below[name] = bits
                reached[name] = 1 << position[name] if name in position else bits
    found = [Found("", None, (), (), 0)]
    taken: set[int] = set()
    for tensor in tensors:
        sources = _bits(below[tensor])
        nodes = _new_nodes(flow, tensor, position, taken)
        level = 1 + max(found[s].level for s in sources)
        found.append(Found(tensor, flow.signal(tensor), nodes, sources, level, returned.get(tensor)))
    return _sorted(found)


def _live(flow: Flow, heads: tuple[Head, ...]) -> set[int]:
    """The nodes that something returned is computed from."""
    wanted = {head.tensor for head in heads}
    live: set[int] = set()
    for index in range(len(flow.graph.nodes) - 1, -1, -1):
        if any(name in wanted for name in flow.graph.nodes[index].output):
            live.add(index)
            wanted.update(flow.graph.nodes[index].input)
    return live


def _layer_tensors(flow: Flow, heads: tuple[Head, ...], live: set[int]) -> set[str]:
    """Steps 1 and 2: the nonlinear tensors that leave their group of functions of the same neurons."""
    leaves = {head.tensor for head in heads}
    for index in range(len(flow.graph.nodes) - 1, -1, -1):
        if index not in live or flow.steps[index] in ("constant", "pointwise"):
            continue
        if flow.steps[index] not in _STAYS or any(t in leaves for t in flow.graph.nodes[index].output):
            leaves.update(flow.sources(index))
    places = set()
    for index in sorted(live):
        if flow.steps[index] in ("pointwise", "nonlinear"):
            for tensor in flow.graph.nodes[index].output:
                signal = flow.signal(tensor)
                if signal is not None and signal.nonlinear and tensor in leaves:
                    places.add(_scaled(flow, tensor, heads, live))
    return places


def _only_user(flow: Flow, tensor: str, live: set[int]) -> int | None:
    users = [i for i in flow.consumers(tensor) if i in live]
    return users[0] if len(users) == 1 else None


def _scaled(flow: Flow, tensor: str, heads: tuple[Head, ...], live: set[int]) -> str:
    returned = {head.tensor for head in heads}
    while tensor not in returned:
        user = _only_user(flow, tensor, live)
        apart = user is not None and flow.steps[user] == "plumbing" and _merged(flow, tensor)
        if user is None or not (apart or flow.steps[user] == "scalar"):
            break
        tensor = flow.graph.nodes[user].output[0]
    return tensor


def _merged(flow: Flow, tensor: str) -> bool:
    signal = flow.signal(tensor)
    return signal is not None and signal.merged


def _head_place(flow: Flow, tensor: str, places: set[str], live: set[int]) -> str:
    """Step 3: where the returned values are read.

    The layer that they were made from moves to the returned tensor if nothing but affine steps of each
    neuron lie between and nothing else uses it; values of one axis (rows, or rows and neurons in one) are
    read before they lost theirs.
    """
    place = tensor
    signal = flow.signal(place)
    while signal is not None and (len(signal.shape) == 1 or signal.merged) and place in flow.graph.producer:
        index = flow.graph.producer[place]
        if flow.steps[index] != "plumbing" or place in places:
            break
        place = flow.sources(index)[0]
        signal = flow.signal(place)
    earlier, moved = place, False
    while earlier not in places and earlier in flow.graph.producer:
        index = flow.graph.producer[earlier]
        before = flow.sources(index)
        if flow.steps[index] not in _STAYS or len(before) != 1:
            return place
        moved |= flow.steps[index] != "plumbing"
        if before[0] in places and _only_user(flow, before[0], live) is None:
            return place if moved else before[0]
        if before[0] not in places and _only_user(flow, before[0], live) is None:
            return place
        earlier = before[0]
    if earlier in places:
        places.discard(earlier)
    return place


def _bits(mask: int) -> tuple[int, ...]:
    positions = []
    while mask:
        low = mask & -mask
        positions.append(low.bit_length() - 1)
        mask ^= low
    return tuple(positions)


def _new_nodes(flow: Flow, tensor: str, layers: dict[str, int], taken: set[int]) -> tuple[int, ...]:
    """The nodes on the way from the sources to the layer that no earlier layer has taken."""
    waiting, nodes = [flow.graph.producer[tensor]], []
    while waiting:
        index = waiting.pop()
        if index in taken:
            continue
        taken.add(index)
        nodes.append(index)
        waiting += [
            flow.graph.producer[name]
            for name in flow.sources(index)
            if name not in layers and name in flow.graph.producer
        ]
    return tuple(sorted(nodes))


def _sorted(found: list[Found]) -> list[Found]:
    order = sorted(range(len(found)), key=lambda i: (found[i].head is not None, found[i].level, i))
    new = {old: position for position, old in enumerate(order)}
    return [
        Found(f.tensor, f.signal, f.nodes, tuple(sorted(new[s] for s in f.sources)), f.level, f.head)
        for f in (found[i] for i in order)
    ]
