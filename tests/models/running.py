"""Run a model as onnxruntime does, to hold a plan against what is computed."""

from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from estimator.model.plan import ModelPlan

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
    model = onnx.ModelProto()
    model.CopyFrom(proto)
    needed, kept = set(wanted), []
    for node in reversed(proto.graph.node):
        if (needed - set(given)) & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    del model.graph.node[:], model.graph.input[:], model.graph.output[:], model.graph.value_info[:]
    model.graph.node.extend(reversed(kept))
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
    fed = {name: array for name, array in given.items() if name in taken}
    return dict(zip(wanted, session.run(wanted, fed), strict=True))


def check_plan(proto: onnx.ModelProto, plan: ModelPlan, rows: int = 40) -> None:
    """The plan is true of the computation.

    1. Every layer's tensor is there, with the rows and the neurons on the axes that the plan says.
    2. A layer is computed from its sources alone: with them as they are and other inputs, it is the same.
    3. Every source matters: shuffled, it changes the layer.
    """
    assert all(tensor.data_type != TensorProto.UNDEFINED for tensor in proto.graph.initializer)
    given = feeds(plan, rows)
    computed = [layer for layer in plan.layers if layer.kind != "input"]
    found = values(proto, given, [layer.tensor for layer in computed])
    for layer in computed:
        array = found[layer.tensor]
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
            shuffled = dict(cut)
            for name in given if source.kind == "input" else [source.tensor]:
                shuffled[name] = np.roll(cut[name], 1, axis=source.row_axis)
            changed = values(proto, shuffled, [layer.tensor])[layer.tensor]
            assert not np.allclose(changed, array), f"{source.name} is no source of {layer.name}"
