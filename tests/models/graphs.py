"""Small ONNX models made by hand: a graph from its nodes, and the plain network that others are bent from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, Any]
SEQUENCE = {"x": ["rows", 3, 4]}


def node(operator: str, inputs: str, outputs: str, name: str = "", **attributes: Any) -> onnx.NodeProto:
    """A node; names separated by spaces, `-` for one that is left out. `ml.X` is of ai.onnx.ml."""
    domain = ""
    if operator.startswith("ml."):
        domain, operator = "ai.onnx.ml", operator[3:]
    names = ["" if part == "-" else part for part in inputs.split()]
    return helper.make_node(operator, names, outputs.split(), name=name, domain=domain, **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    weights: Weights | None = None,
    *,
    inputs: Mapping[str, Sequence[Any]] | None = None,
    outputs: Sequence[str] = ("y",),
    opset: int = 21,
    ir_version: int = 10,
    kind: int = TensorProto.FLOAT,
    metadata: Mapping[str, str] | None = None,
) -> onnx.ModelProto:
    """inputs: name -> shape, else `x` of [rows, 4]. Weights are float32 unless they are arrays."""
    tensors = [
        numpy_helper.from_array(v if isinstance(v, np.ndarray) else np.asarray(v, np.float32), name)
        for name, v in (weights or {}).items()
    ]
    given = [
        helper.make_tensor_value_info(name, kind, list(shape))
        for name, shape in (inputs or {"x": ["rows", 4]}).items()
    ]
    returned = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(list(nodes), "graph", given, returned, initializer=tensors)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)
    if metadata:
        helper.set_model_props(proto, dict(metadata))
    return proto


def matrix(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def plain() -> onnx.ModelProto:
    """4-5-3: hidden (Gemm, Relu), then output (Gemm, Softmax)."""
    return model(
        [
            node("Gemm", "x hidden.weight hidden.bias", "a", "fc1"),
            node("Relu", "a", "h", "act"),
            node("Gemm", "h output.weight output.bias", "z", "fc2"),
            node("Softmax", "z", "y", "soft"),
        ],
        {
            "hidden.weight": matrix(4, 5),
            "hidden.bias": matrix(5),
            "output.weight": matrix(5, 3),
            "output.bias": matrix(3),
        },
    )


def attention(*between: onnx.NodeProto, weights: str = "p") -> onnx.ModelProto:
    """One head of width 5 on 3 tokens, then a linear output of each token, averaged."""
    nodes = [
        node("MatMul", "x wq", "q"), node("MatMul", "x wk", "k"), node("MatMul", "x wv", "v"),
        node("Transpose", "k", "t", perm=[0, 2, 1]), node("MatMul", "q t", "s"), *between,
        node("MatMul", f"{weights} v", "h"), node("MatMul", "h u", "o"), node("ReduceMean", "o axis", "y"),
    ]  # fmt: skip
    constants: dict[str, Any] = {
        "wq": matrix(4, 5), "wk": matrix(4, 5, seed=1), "wv": matrix(4, 5, seed=2), "u": matrix(5, 2),
        "axis": np.array([1]), "half": 0.5, "mask": np.tril(np.ones((3, 3), np.float32)), "low": -9.0,
        "never": np.where(np.tri(3) > 0, 0, -np.inf).astype(np.float32), "seen": np.tri(3) > 0,
    }  # fmt: skip
    used = {name for step in nodes for name in step.input}
    return model(nodes, {name: constants[name] for name in constants if name in used}, inputs=SEQUENCE)
