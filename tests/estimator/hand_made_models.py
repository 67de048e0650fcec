"""Small ONNX models with their plans, written out by hand, for tests of what runs them."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from estimator.model.plan import ModelInput, ModelPlan, PlannedLayer


def layer(index: int, tensor: str, size: int, *, axis: int = 1, kind: str = "hidden") -> PlannedLayer:
    return PlannedLayer(
        index=index,
        name=tensor,
        kind="input" if index == 0 else kind,
        level=index,
        tensor=tensor,
        size=size,
        neurons=tuple(f"{tensor}.{i}" for i in range(size)),
        neuron_axis=axis,
    )


def model(
    nodes: Sequence[onnx.NodeProto],
    layers: Sequence[PlannedLayer],
    *,
    weights: dict[str, Any] | None = None,
    inputs: Sequence[tuple[str, int, Sequence[Any]]] = (("x", TensorProto.FLOAT, ["rows", 4]),),
    features: tuple[str, ...] | None = None,
) -> tuple[bytes, ModelPlan]:
    """The model of these nodes, its last tensor the output, and the plan of these layers in a chain."""
    graph = helper.make_graph(
        list(nodes),
        "model",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [onnx.ValueInfoProto(name=nodes[-1].output[0])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights or {}).items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    data = made.SerializeToString()
    plan = ModelPlan(
        sha256=sha256(data).hexdigest(),
        inputs=tuple(
            ModelInput(
                name,
                helper.tensor_dtype_to_np_dtype(kind).name,
                tuple(size if isinstance(size, int) else None for size in shape),
            )
            for name, kind, shape in inputs
        ),
        features=features,
        layers=tuple(layers),
        links=tuple((i, i + 1) for i in range(len(layers) - 1)),
        opset=20,
        ir_version=10,
    )
    return data, plan


def perceptron(
    rows: Any = "rows", seed: int = 0, features: tuple[str, ...] | None = None
) -> tuple[bytes, ModelPlan]:
    """4-5-3, ReLU and Softmax; the last ReLU is dead on inputs of size about 1."""
    rng = np.random.default_rng(seed)
    weights = {
        "W": rng.normal(size=(4, 5)).astype(np.float32),
        "b": np.array([0, 0, 0, 0, -100], np.float32),
        "V": rng.normal(size=(5, 3)).astype(np.float32),
        "c": rng.normal(size=3).astype(np.float32),
    }
    nodes = [
        helper.make_node("Gemm", ["x", "W", "b"], ["gemm"]),
        helper.make_node("Relu", ["gemm"], ["relu"]),
        helper.make_node("Gemm", ["relu", "V", "c"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
    ]
    layers = [layer(0, "x", 4), layer(1, "relu", 5), layer(2, "y", 3, kind="output")]
    return model(
        nodes,
        layers,
        weights=weights,
        inputs=[("x", TensorProto.FLOAT, [rows, 4])],
        features=features,
    )
