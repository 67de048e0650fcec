"""What the plan says is what the runtime reads: activations of models whose layout is out of the ordinary."""

from pathlib import Path

import numpy as np
import pytest

from estimator.activations import activations
from estimator.model.read import read_model
from tests.models.graphs import matrix, model, node

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_layers_of_transposed_activations_come_out_by_rows() -> None:
    nodes = [
        node("Transpose", "x", "t"), node("MatMul", "w t", "a"), node("Relu", "a", "h"),
        node("MatMul", "u h", "s"), node("Transpose", "s", "y"),
    ]  # fmt: skip
    w, u = matrix(5, 4), matrix(2, 5)
    data = model(nodes, {"w": w, "u": u}).SerializeToString()
    X = np.random.default_rng(0).normal(size=(50, 4))
    found = activations(data, read_model(data), X)
    hidden = np.maximum(X @ w.T, 0)
    np.testing.assert_allclose(found[1], hidden, atol=1e-5)
    np.testing.assert_allclose(found[2], hidden @ u.T, atol=1e-5)


def test_columns_are_dealt_out_to_several_inputs_and_shown_as_one_layer() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h"), node("Concat", "h z", "c", axis=1),
        node("Gemm", "c u", "y"),
    ]  # fmt: skip
    w, u = matrix(2, 3), matrix(6, 2)
    data = model(nodes, {"w": w, "u": u}, inputs={"x": ["n", 2], "z": ["n", 3]}).SerializeToString()
    X = np.random.default_rng(0).normal(size=(50, 5))
    found = activations(data, read_model(data), X)
    np.testing.assert_array_equal(found[0], X)
    hidden = np.maximum(X[:, :2] @ w, 0)
    np.testing.assert_allclose(found[2], np.hstack([hidden, X[:, 2:]]) @ u, atol=1e-5)


@pytest.mark.parametrize(("name", "dead", "accuracy"), [("iris", 2, 0.97), ("banknote", 0, 0.99)])
def test_the_examples_are_as_their_script_says(name: str, dead: int, accuracy: float) -> None:
    data = (EXAMPLES / name / f"{name}.onnx").read_bytes()
    table = np.genfromtxt(EXAMPLES / name / f"{name}.csv", delimiter=",", dtype=str, skip_header=1)
    plan = read_model(data)
    found = activations(data, plan, table[:, :4].astype(float))
    assert int((found[1] == 0).all(axis=0).sum()) == dead
    classes = np.array(plan.layers[-1].neurons)
    assert (classes[found[2].argmax(axis=1)] == table[:, 4]).mean() >= accuracy
