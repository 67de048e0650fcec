"""What goes with a neuron when it goes: the channels of every tensor that must lose one with it.

1. Start at the neuron's channel of its layer's tensor.
2. Each node that makes or uses the tensor says, by its rule (`rules.py`), which channels of its other tensors
   go along (an activation: the same one), which weights lose a slice (what makes the channel, what sums over
   it), or that it cannot be taken apart.
3. Go on until nothing is added. The neuron can go if every step could be taken, and if each layer's neuron
   that would go along is cut, too: one channel of a residual sum goes on all branches or on none.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from estimator.model.plan import PlannedLayer
from estimator.model.propagate import Flow
from estimator.pruning.node_view import NodeView
from estimator.pruning.reshape_rule import elements
from estimator.pruning.rules import RULES, Blocked, blocked_by

Cut = Mapping[int, Set[int]]  # layer of the plan -> positions in it


@dataclass
class Component:
    """Channels that go together or stay together.

    neurons: (layer, position) of those in it. channels: (tensor, axis) -> indices. slices: (node, input,
    axis) -> indices that a constant loses. absorbed: (node, input) -> indices of the tensor that the node
    sums over. reshapes: nodes that lay elements out anew. reason: why it stays, None if it can go.
    """

    neurons: set[tuple[int, int]] = field(default_factory=set)
    channels: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    slices: dict[tuple[int, int, int], set[int]] = field(default_factory=dict)
    absorbed: dict[tuple[int, int], set[int]] = field(default_factory=dict)
    reshapes: set[int] = field(default_factory=set)
    reason: str | None = None


def components(flow: Flow, layers: tuple[PlannedLayer, ...], cut: Cut) -> list[Component]:
    """One for each set of cut neurons that go together, in order of their first neuron."""
    found: list[Component] = []
    seen: set[tuple[int, int]] = set()
    by_tensor = {layer.tensor: layer for layer in layers if layer.kind != "input"}
    for index in sorted(cut):
        for place in sorted(cut[index]):
            if (index, place) in seen:
                continue
            component = _component(flow, layers, by_tensor, cut, layers[index], place)
            component.neurons.add((index, place))
            seen |= component.neurons
            found.append(component)
    return found


def _component(
    flow: Flow,
    layers: tuple[PlannedLayer, ...],
    by_tensor: Mapping[str, PlannedLayer],
    cut: Cut,
    layer: PlannedLayer,
    place: int,
) -> Component:
    component = Component()
    signal = flow.signal(layer.tensor)
    if layer.head_axis is not None or signal is None or len(signal.shape) < 2:
        component.reason = "a neuron is a feature of an attention head or of a direction"
        return component
    returned = {output.name for output in flow.graph.outputs}
    waiting = [(layer.tensor, layer.neuron_axis % len(signal.shape), frozenset((place,)))]
    try:
        while waiting:
            tensor, axis, indices = waiting.pop()
            known = component.channels.setdefault((tensor, axis), set())
            new = indices - known
            if not new:
                continue
            known |= new
            if tensor in flow.graph.producer and tensor not in returned:
                _check_neurons(component, by_tensor.get(tensor), axis, new, cut, flow)
            else:
                raise Blocked("the channel is one of the model's inputs or outputs")
            if any(name == tensor and a != axis for name, a in component.channels):
                raise Blocked(f"the tensor {tensor!r} would lose channels along two axes")
            waiting += _neighbours(component, flow, tensor, axis, frozenset(new))
        _check_reshapes(component, flow)
    except Blocked as blocked:
        component.reason = blocked.reason
    return component


def _check_neurons(
    component: Component,
    layer: PlannedLayer | None,
    axis: int,
    indices: frozenset[int],
    cut: Cut,
    flow: Flow,
) -> None:
    if layer is None:
        return
    signal = flow.signal(layer.tensor)
    if signal is None or axis != layer.neuron_axis % len(signal.shape):
        raise Blocked(f"layer {layer.name!r} would lose something else than neurons")
    stays = sorted(i for i in indices if i not in cut.get(layer.index, ()))
    if stays:
        raise Blocked(
            f"its channel goes on together with that of {layer.neurons[stays[0]]!r}, of layer "
            f"{layer.name!r}, which is not cut"
        )
    component.neurons |= {(layer.index, i) for i in indices}


def _neighbours(
    component: Component, flow: Flow, tensor: str, axis: int, indices: frozenset[int]
) -> list[tuple[str, int, frozenset[int]]]:
    """What the nodes around the tensor say: channels that go along; the rest is noted in the component."""
    found = []
    producer = flow.graph.producer[tensor]
    touched = [(producer, "out", list(flow.graph.nodes[producer].output).index(tensor))]
    for user in flow.graph.consumers.get(tensor, ()):
        slots = [i for i, name in enumerate(flow.graph.nodes[user].input) if name == tensor]
        touched += [(user, "in", slot) for slot in slots]
    for index, side, slot in touched:
        view = NodeView(flow, index)
        rule = RULES.get(view.operator)
        if rule is None:
            raise blocked_by(view)
        effects = rule(view, side, slot, axis, indices)
        found += [(name, at, frozenset(which)) for name, at, which in effects.links]
        for position, at, which in effects.slices:
            component.slices.setdefault((index, position, at), set()).update(which)
        if effects.absorbs:
            component.absorbed.setdefault((index, slot), set()).update(indices)
        if effects.reshapes:
            component.reshapes.add(index)
    return found


def _check_reshapes(component: Component, flow: Flow) -> None:
    """A reshape must lose the same elements on both sides: whole channels here, whole channels there."""
    for index in component.reshapes:
        view = NodeView(flow, index)
        sides = []
        for name in (view.node.input[0], view.node.output[0]):
            (key,) = (k for k in component.channels if k[0] == name)
            sides.append(elements(view.shape(name), key[1], component.channels[key]))
        if sides[0] != sides[1]:
            raise Blocked(f"{view.name} does not keep the channels together")
