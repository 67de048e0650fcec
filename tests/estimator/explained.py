"""Models with their rows as `estimator.comparison` explains them, and the same models in plain torch."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from estimator.activations import activations
from estimator.comparison.subject import Subject
from estimator.data.read import read_table
from estimator.data.table import Table
from estimator.model.read import read_model

EXAMPLES = Path(__file__).parents[2] / "examples"
Floats = NDArray[np.float64]


def example(name: str) -> tuple[bytes, Table]:
    folder = EXAMPLES / name
    return (folder / f"{name}.onnx").read_bytes(), read_table(folder / f"{name}.csv")


def subject_of(model: bytes, inputs: Floats, features: Sequence[str] | None = None) -> Subject:
    plan = read_model(model)
    heads = replace(plan, layers=tuple(x for x in plan.layers if x.kind == "output"), links=())
    outputs = np.column_stack(activations(model, heads, inputs))
    names = tuple(name for layer in heads.layers for name in layer.neurons)
    given = tuple(features or (f"x{i}" for i in range(inputs.shape[1])))
    return Subject(model, plan, heads, inputs, outputs, given, names, None)


def example_subject(name: str) -> Subject:
    model, table = example(name)
    features = read_model(model).features
    assert features is not None
    return subject_of(model, np.column_stack([table.column(f).numbers for f in features]), features)


def in_torch(model: bytes) -> Any:
    """An example model (Gemm, Relu, Gemm, Softmax) written by hand in torch, in doubles."""
    import torch

    proto = onnx.ModelProto.FromString(model)
    assert [node.op_type for node in proto.graph.node] == ["Gemm", "Relu", "Gemm", "Softmax"]
    weights = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in proto.graph.initializer}
    layers: list[Any] = []
    for node in proto.graph.node:
        if node.op_type == "Gemm":
            W, b = weights[node.input[1]], weights[node.input[2]]
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            linear = torch.nn.Linear(*(W.T if transposed else W).shape, dtype=torch.float64)
            linear.weight.data = torch.from_numpy(np.ascontiguousarray(W if transposed else W.T))
            linear.bias.data = torch.from_numpy(b)
            layers.append(linear)
        else:
            layers.append(torch.nn.ReLU() if node.op_type == "Relu" else torch.nn.Softmax(dim=1))
    return torch.nn.Sequential(*layers)


def graph(
    nodes: Sequence[onnx.NodeProto], weights: dict[str, Any], features: int, outputs: Sequence[str]
) -> bytes:
    """The model of these nodes from `x` (rows, features) to `y`, with names for its outputs."""
    made = helper.make_model(
        helper.make_graph(
            list(nodes),
            "model",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", features])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", len(outputs)])],
            [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=10,
    )
    helper.set_model_props(made, {"nif.outputs": str(list(outputs)).replace("'", '"')})
    return bytes(made.SerializeToString())
