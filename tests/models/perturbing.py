"""The edges are where the computation is: one neuron is changed, and only what descends from it may change.

A layer's tensor is given to the runtime instead of being computed, once as it is and once with one neuron
moved; one session a layer serves all of its neurons (a seeded sample of a wide layer's).
"""

import numpy as np
import onnx
from numpy.typing import NDArray

from estimator.model.inputs import batch_size
from estimator.model.plan import ModelPlan, PlannedLayer
from tests.models.running import Arrays, computing, feeds, values

MOST_NEURONS = 16  # of a layer; the rest of a wide one is not tried
DATA_ROWS = 12  # in which each neuron is changed


def check_neurons(proto: onnx.ModelProto, plan: ModelPlan, most: int = MOST_NEURONS) -> int:
    """How many neurons were changed, one at a time.

    1. Every layer that does not descend from the neuron's is bit for bit what it was.
    2. The neuron changes some layer that its own one feeds, if there is one.
    3. Every layer that its own one feeds is changed by some neuron of it.
    """
    rng, tried = np.random.default_rng(0), 0
    for layer in plan.layers:
        consumers = {consumer for source, consumer in plan.links if source == layer.index}
        if not consumers:
            continue
        neurons = np.sort(rng.permutation(layer.size)[:most])
        changed = _changed_by(proto, plan, layer, neurons)
        below = _descendants(plan, layer.index)
        for index, by_neuron in changed.items():
            if index not in below:
                assert not by_neuron.any(), f"{plan.layers[index].name} does not descend from {layer.name}"
            if index in consumers:
                assert by_neuron.any(), f"{layer.name} is no source of {plan.layers[index].name}"
        heard = np.array([changed[index] for index in consumers]).any(axis=0)
        assert heard.all(), f"nothing hears neurons {neurons[~heard]} of {layer.name}"
        tried += len(neurons)
    return tried


def _descendants(plan: ModelPlan, index: int) -> set[int]:
    below = {index}
    for source, consumer in plan.links:  # sorted, and a source comes before its consumers
        if source in below:
            below.add(consumer)
    return below - {index}


def _changed_by(
    proto: onnx.ModelProto, plan: ModelPlan, layer: PlannedLayer, neurons: NDArray[np.int64]
) -> dict[int, NDArray[np.bool_]]:
    """Of every other computed layer, for each of the neurons, whether any of its values changed."""
    others = [other for other in plan.layers if other.kind != "input" and other.index != layer.index]
    names = [other.tensor for other in others]
    batch = batch_size(plan)
    data = feeds(plan, DATA_ROWS if batch is None or batch == 1 else batch)
    if batch == 1:
        data = {name: np.concatenate([array[:1]] * DATA_ROWS) for name, array in data.items()}
    changed = {other.index: np.zeros(len(neurons), np.bool_) for other in others}
    before = dict(data)
    if layer.kind != "input":
        before[layer.tensor] = _own(proto, data, layer, batch)
    compute = computing(proto, before, names)
    rows = len(next(iter(data.values())))
    for position, neuron in enumerate(neurons):
        after = _with_one_changed(plan, layer, before, int(neuron))
        blocks = [slice(0, rows)] if batch != 1 else [slice(i, i + 1) for i in range(rows)]
        for block in blocks:
            was = compute(_rows(before, layer, block))
            now = compute(_rows(after, layer, block))
            for other in others:
                changed[other.index][position] |= not np.array_equal(was[other.tensor], now[other.tensor])
    return changed


def _own(proto: onnx.ModelProto, data: Arrays, layer: PlannedLayer, batch: int | None) -> NDArray[np.generic]:
    if batch != 1:
        return values(proto, data, [layer.tensor])[layer.tensor]
    compute, rows = computing(proto, data, [layer.tensor]), len(next(iter(data.values())))
    parts = [compute({n: a[i : i + 1] for n, a in data.items()})[layer.tensor] for i in range(rows)]
    return np.concatenate(parts, axis=layer.row_axis)


def _rows(arrays: Arrays, layer: PlannedLayer, block: slice) -> Arrays:
    return {
        name: array[block] if name != layer.tensor or layer.kind == "input"
        else array[(slice(None),) * layer.row_axis + (block,)]
        for name, array in arrays.items()
    }  # fmt: skip


def _with_one_changed(plan: ModelPlan, layer: PlannedLayer, before: Arrays, neuron: int) -> Arrays:
    """The same arrays with one neuron shifted: by as much as the layer varies, up and down by the row."""
    after = dict(before)
    if layer.kind == "input":
        for part in plan.inputs:
            width = int(np.prod([size or 1 for size in part.shape[1:]]))
            if neuron < width:
                flat = before[part.name].reshape(-1, width).copy()
                flat[:, neuron] = _shifted(flat[:, neuron], flat)
                after[part.name] = flat.reshape(before[part.name].shape)
                return after
            neuron -= width
    array = before[layer.tensor].copy()
    axes = [layer.neuron_axis] if layer.head_axis is None else [layer.head_axis, layer.neuron_axis]
    places = np.unravel_index(neuron, [array.shape[axis] for axis in axes]) if array.ndim > 1 else ()
    moved = np.moveaxis(array, [layer.row_axis, *(axes if array.ndim > 1 else [])], range(1 + len(places)))
    at = (slice(None), *(int(place) for place in places))
    moved[at] = _shifted(moved[at], array)
    after[layer.tensor] = array
    return after


def _shifted(values: NDArray[np.generic], of: NDArray[np.generic]) -> NDArray[np.generic]:
    kind = values.dtype.kind
    if kind == "b":
        return ~values
    if kind in "iu":
        return np.where(values == np.iinfo(values.dtype).max, values - 1, values + 1).astype(values.dtype)
    step = float(np.abs(of).max()) + 1
    signs = np.where(np.arange(len(values)) % 2, -1, 1).reshape(-1, *[1] * (values.ndim - 1))
    return (values + signs * step).astype(values.dtype)
