"""Small perceptrons whose hidden neurons can be put into another order, and rows for them."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from estimator.data.csv_table import read_csv
from estimator.data.table import Table

ROWS, WIDTH = 400, 6


def network_of(W: np.ndarray, V: np.ndarray, hidden: str = "hidden") -> bytes:
    """A 3-6-2 perceptron with tanh, its features named a, b and c."""
    weights = {"W": W.astype(np.float32), "V": V.astype(np.float32)}
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["sums"]),
        helper.make_node("Tanh", ["sums"], [hidden]),
        helper.make_node("MatMul", [hidden, "V"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 2])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.helper.set_model_props(model, {"nif.inputs": '["a", "b", "c"]'})
    return model.SerializeToString()


def table(seed: int = 1) -> Table:
    X = np.random.default_rng(seed).normal(size=(ROWS, 3))
    lines = ["a,b,c", *(",".join(repr(float(v)) for v in row) for row in X)]
    return read_csv("\n".join(lines).encode() + b"\n")


def weights_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the hidden neurons and of the outputs."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, WIDTH)), rng.normal(size=(WIDTH, 2))


def permuted(W: np.ndarray, V: np.ndarray, order: np.ndarray) -> bytes:
    """The same function with its hidden neurons in another order, and two of them of opposite sign."""
    sign = np.array([1, -1, 1, 1, -1, 1])
    return network_of((W * sign)[:, order], (V * sign[:, None])[order], hidden="renamed")
