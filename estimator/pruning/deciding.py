"""Inside of the child: which of the cut neurons go, which are held at 0, which stay, and why.

1. Constant neurons must be constant at every position, not only in their mean.
2. What goes with each neuron (`channels.py`).
3. The model with the cut neurons fixed at their values (`fixed.py`) says what the channels that are summed
   over hold, on all rows: one value each that a bias can take the place of, or the neuron stays.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx

from estimator.errors import Place, UnsupportedModel
from estimator.model.plan import PlannedLayer
from estimator.model.read import ReadModel
from estimator.pruning.channels import Component, components
from estimator.pruning.fixed import Fixed, fix
from estimator.pruning.folding import is_exact
from estimator.pruning.node_view import NodeView
from estimator.pruning.running import Arrays, extremes

VARIES = "its mean over positions is constant, and its positions are not"
Neuron = tuple[int, int]  # layer of the plan, position in it
Summed = dict[tuple[int, int], dict[int, float]]  # (node, input) -> index -> value
Extremes = dict[tuple[str, int], tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]


@dataclass(frozen=True)
class CutLayer:
    """A layer that neurons are cut from. axis, rank: of its tensor; dtype: its numbers. values: of the cut
    neurons, by position."""

    layer: PlannedLayer
    axis: int
    rank: int
    dtype: np.dtype[Any]
    values: dict[int, float]

    def fixed(self, places: list[int]) -> Fixed:
        """These neurons at their values."""
        values = np.array([self.values[i] for i in places])
        size = self.layer.size
        return Fixed(self.layer.tensor, self.rank, self.axis, size, self.dtype, np.array(places), values)

    def is_constant(self, place: int, cut: dict[str, dict[str, list[int]]]) -> bool:
        return place in cut[self.layer.tensor]["constant"]

    def but(self, kept: set[Neuron]) -> "CutLayer":
        """Without these neurons."""
        left = {i: value for i, value in self.values.items() if (self.layer.index, i) not in kept}
        return replace(self, values=left)


@dataclass(frozen=True)
class Decision:
    """going: what goes, and `summed`, what it held. reasons: of the neurons that stay. fixed: the model with
    the cut neurons at their values, which the smaller one must equal."""

    layers: tuple[CutLayer, ...]
    going: tuple[Component, ...]
    summed: Summed
    reasons: dict[Neuron, str]
    fixed: onnx.ModelProto

    @property
    def gone(self) -> set[Neuron]:
        return {neuron for component in self.going for neuron in component.neurons}

    def value(self, neuron: Neuron) -> float:
        return next(x.values[neuron[1]] for x in self.layers if x.layer.index == neuron[0])


def decide(
    read: ReadModel, cut: dict[str, dict[str, list[int]]], feeds: Arrays, rows: int, batch: int | None
) -> Decision:
    """cut: {tensor of a layer: {"constant": places, "zero": places}}. Raises UnsupportedModel."""
    reasons: dict[Neuron, str] = {}
    layers = _cut_layers(read, cut, feeds, rows, batch, reasons)
    while True:
        found = _decide(read, layers, feeds, rows, batch, reasons)
        kept = {
            (at, i) for at, i in found.reasons
            if any(x.layer.index == at and i in x.values and x.is_constant(i, cut) for x in layers)
        }  # fmt: skip
        if not kept:
            return found
        # A neuron that stays is not held at its constant: once others are cut it may wake up, and what
        # hangs on it is decided anew.
        reasons |= {neuron: found.reasons[neuron] for neuron in kept}
        layers = [x.but(kept) for x in layers]


def _decide(
    read: ReadModel,
    layers: list[CutLayer],
    feeds: Arrays,
    rows: int,
    batch: int | None,
    before: dict[Neuron, str],
) -> Decision:
    reasons = dict(before)
    fixed = onnx.ModelProto()
    fixed.CopyFrom(read.model)
    fix(fixed, [x.fixed(sorted(x.values)) for x in layers if x.values])
    found = components(read.flow, read.plan.layers, {x.layer.index: set(x.values) for x in layers})
    own = {x.layer.tensor: x for x in layers}
    wanted: dict[tuple[str, int], None] = {}
    for component in found:
        if component.reason is None:
            wanted |= {key: None for key in _summed_over(read, component).values() if key[0] not in own}
    seen = extremes(fixed, wanted, feeds, rows, batch)
    going, summed = [], Summed()
    for component in found:
        if component.reason is None:
            component.reason = _why_not(read, component, own, seen, summed)
        if component.reason is None:
            going.append(component)
        else:
            reasons |= dict.fromkeys(component.neurons, component.reason)
    return Decision(tuple(layers), tuple(going), summed, reasons, fixed)


def _cut_layers(
    read: ReadModel,
    cut: dict[str, dict[str, list[int]]],
    feeds: Arrays,
    rows: int,
    batch: int | None,
    reasons: dict[Neuron, str],
) -> list[CutLayer]:
    """With what each constant neuron's value is; those that have none get a reason."""
    layers = [layer for layer in read.plan.layers if layer.tensor in cut]
    ranks = {layer.tensor: len(s.shape) for layer in layers if (s := read.flow.signal(layer.tensor))}
    axes = {layer.tensor: layer.neuron_axis % ranks[layer.tensor] for layer in layers}
    seen = extremes(read.model, dict.fromkeys(axes.items()), feeds, rows, batch)
    found = []
    for layer in layers:
        low, high = seen[layer.tensor, axes[layer.tensor]]
        if low.dtype.kind != "f" or layer.head_axis is not None:
            what = "has heads or directions" if low.dtype.kind == "f" else f"holds {low.dtype.name}"
            detail = f"layer {layer.name!r} {what}: its neurons cannot be pruned; name other layers"
            raise UnsupportedModel(detail, errors=[Place(detail, tensor=layer.tensor)])
        values = dict.fromkeys(cut[layer.tensor]["zero"], 0.0)
        for i in cut[layer.tensor]["constant"]:
            if low[i] == high[i]:
                values[i] = float(low[i])
            else:
                reasons[layer.index, i] = VARIES
        found.append(CutLayer(layer, axes[layer.tensor], ranks[layer.tensor], low.dtype, values))
    return found


def _summed_over(read: ReadModel, component: Component) -> dict[tuple[int, int], tuple[str, int]]:
    """(node, input) that sums over channels -> the tensor and the axis of these."""
    found = {}
    for node, slot in component.absorbed:
        name = read.flow.graph.nodes[node].input[slot]
        found[node, slot] = next(key for key in component.channels if key[0] == name)
    return found


def _why_not(
    read: ReadModel, component: Component, own: dict[str, CutLayer], seen: Extremes, summed: Summed
) -> str | None:
    """Why a bias cannot take the component's place; None where it can, and `summed` says by what."""
    found: Summed = {}
    for (node, slot), key in _summed_over(read, component).items():
        view, order = NodeView(read.flow, node), sorted(component.absorbed[node, slot])
        if key[0] in own:
            values = np.array([own[key[0]].values[i] for i in order])
        else:
            low, high = (v[order] for v in seen[key])
            if not np.array_equal(low, high):
                return f"its channel is not constant where {view.name} sums over it"
            values = low.astype(np.float64)
        if not is_exact(view, values):
            return f"it is constant but not 0, and {view.name} pads with 0: no bias could take its place"
        found[node, slot] = {i: float(v) for i, v in zip(order, values, strict=True)}
    for place, constant in found.items():
        summed.setdefault(place, {}).update(constant)
    return None
