"""Run a model as onnxruntime does, to hold a plan against what is computed."""

from collections.abc import Callable, Mapping

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from estimator.activations import cut_down, layer_arguments
from estimator.model.inputs import batch_size
from estimator.model.plan import ModelPlan, PlannedLayer
from estimator.runtime.session import RowModel

Arrays = dict[str, NDArray[np.generic]]


def feeds(plan: ModelPlan, rows: int = 40, seed: int = 0) -> Arrays:
    rng = np.random.default_rng(seed)
    given: Arrays = {}
    for part in plan.inputs:
        shape = (rows, *(size or 1 for size in part.shape[1:]))
        given[part.name] = rng.normal(size=shape).astype(part.dtype)
    return given


def values(proto: onnx.ModelProto, given: Mapping[str, NDArray[np.generic]], wanted: list[str]) -> Arrays:
    """The tensors `wanted`, computed from the tensors `given`, whichever tensors of the graph these are."""
    return computing(proto, given, wanted)(given)


def computing(
    proto: onnx.ModelProto, given: Mapping[str, NDArray[np.generic]], wanted: list[str]
) -> Callable[[Mapping[str, NDArray[np.generic]]], Arrays]:
    """A function as `values` is, for any arrays of the names and types of `given`."""
    model = onnx.ModelProto()
    model.CopyFrom(proto)
    needed, kept = set(wanted), []
    for node in reversed(proto.graph.node):
        if (needed - set(given)) & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    del model.graph.node[:], model.graph.input[:], model.graph.output[:], model.graph.value_info[:]
    model.graph.node.extend(reversed(kept))
    for node in model.graph.node:  # one of two outputs may be given, and the other wanted
        node.output[:] = [f"{name}/computed" if name in given else name for name in node.output]
    for name, array in given.items():
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        if name in needed:
            model.graph.input.append(helper.make_tensor_value_info(name, kind, [None] * array.ndim))
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    model.ir_version = max(model.ir_version, 4)  # before it, weights had to be listed as inputs
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    taken = {entry.name for entry in session.get_inputs()}

    def compute(arrays: Mapping[str, NDArray[np.generic]]) -> Arrays:
        fed = {name: array for name, array in arrays.items() if name in taken}
        return dict(zip(wanted, session.run(wanted, fed), strict=True))

    return compute


def check_plan(proto: onnx.ModelProto, plan: ModelPlan, rows: int = 40) -> None:
    """The plan is true of the computation.

    1. Every layer's tensor is there, with the rows and the neurons on the axes that the plan says; what an
       analysis reads of it is onnxruntime's own intermediate output, to 1e-6 relative.
    2. A layer is computed from its sources alone: with them as they are and other inputs, it is the same.
    3. Every source matters: with its rows shuffled, or shifted far up and down, it changes the layer.
    """
    assert all(tensor.data_type != TensorProto.UNDEFINED for tensor in proto.graph.initializer)
    given = feeds(plan, rows)
    computed = [layer for layer in plan.layers if layer.kind != "input"]
    found = values(proto, given, [layer.tensor for layer in computed])
    read = _as_analysed(proto, plan, computed, given)
    for layer, ours in zip(computed, read, strict=True):
        array = found[layer.tensor]
        np.testing.assert_allclose(ours, _of_neurons(array, layer), rtol=1e-6, atol=1e-6 * _size(array))
        assert array.shape[layer.row_axis] == rows
        heads = 1 if layer.head_axis is None else array.shape[layer.head_axis]
        assert (heads * array.shape[layer.neuron_axis] if array.ndim > 1 else 1) == layer.size
        sources = [plan.layers[s] for s, consumer in plan.links if consumer == layer.index]
        cut: Arrays = feeds(plan, rows, seed=1)
        for source in sources:
            cut |= given if source.kind == "input" else {source.tensor: found[source.tensor]}
        again = values(proto, cut, [layer.tensor])[layer.tensor]
        np.testing.assert_allclose(again, array, rtol=1e-5, atol=1e-6)
        for source in sources:
            names = list(given) if source.kind == "input" else [source.tensor]
            heard = False
            for move in (_shuffled, _shifted):
                moved = cut | {name: move(cut[name], source.row_axis) for name in names}
                changed = values(proto, moved, [layer.tensor])[layer.tensor]
                heard = heard or not np.array_equal(changed, array)
            assert heard, f"{source.name} is no source of {layer.name}"


def _shuffled(array: NDArray[np.generic], row_axis: int) -> NDArray[np.generic]:
    return np.roll(array, 1, axis=row_axis)


def _shifted(array: NDArray[np.generic], row_axis: int) -> NDArray[np.generic]:
    """Far up and down by the row: out of where an activation function is flat."""
    if array.dtype.kind != "f":
        return array
    signs = np.where(np.arange(array.shape[row_axis]) % 2, -1.0, 1.0)
    signs = signs.reshape([-1 if axis == row_axis else 1 for axis in range(array.ndim)])
    return (array + signs * (_size(array) + 1)).astype(array.dtype)


def _as_analysed(
    proto: onnx.ModelProto, plan: ModelPlan, layers: list[PlannedLayer], given: Arrays
) -> list[NDArray[np.float64]]:
    """The model cut down to its layers and read as the confined child does, here."""
    described = [layer_arguments(layer) for layer in layers]
    model = RowModel(described, batch_size(plan), 1, cut_down(proto.SerializeToString(), layers))
    return [np.asarray(array, np.float64) for array in model.run(given)]


def _of_neurons(array: NDArray[np.generic], layer: PlannedLayer) -> NDArray[np.float64]:
    """(rows, neurons): the mean over the axes that count neither."""
    rows = array.shape[layer.row_axis]
    if array.ndim == 1:
        return array.astype(np.float64).reshape(rows, 1)
    axes = [layer.neuron_axis] if layer.head_axis is None else [layer.head_axis, layer.neuron_axis]
    ordered = np.moveaxis(array.astype(np.float64), [layer.row_axis, *axes], range(1 + len(axes)))
    return ordered.reshape(rows, layer.size, -1).mean(axis=2)


def _size(array: NDArray[np.generic]) -> float:
    return float(np.abs(array.astype(np.float64)).max())
