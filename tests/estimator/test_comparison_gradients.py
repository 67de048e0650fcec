"""Integrated Gradients are captum's own, on a model that is brought back from ONNX as it is or not at all."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from estimator.activations import cut_down, layer_arguments
from estimator.comparison.explained_model import ExplainedModel
from estimator.comparison.gradients_child import compute_gradients
from estimator.comparison.integrated_gradients import integrated_gradients, missed
from estimator.comparison.options import ComparisonOptions
from estimator.errors import UnsupportedModel
from estimator.model.inputs import batch_size, input_slices, width
from estimator.model.read import read_model
from tests.estimator.explained import example_subject, graph, in_torch
from tests.estimator.test_model_exporters import (
    classifier,
    exported,
    iris,
    residual_network,
    sequence_network,
    to_onnx,
)


def test_they_are_captums_on_the_same_model_in_torch_and_complete_to_a_thousandth() -> None:
    import torch
    from captum.attr import IntegratedGradients

    subject = example_subject("iris")
    found = integrated_gradients(subject, ComparisonOptions(rows=60))
    assert found.steps == 64, "the example needs no doubling, so that captum is asked the same"
    x, baseline = subject.inputs[found.rows], subject.inputs.mean(axis=0)
    direct = IntegratedGradients(in_torch(subject.model))
    for output in range(3):
        values = direct.attribute(
            torch.from_numpy(x), torch.from_numpy(baseline[None]), target=output, n_steps=64
        )
        np.testing.assert_allclose(found.values[:, :, output], values.detach().numpy(), atol=1e-9)
    change = subject.outputs[found.rows] - subject.run(baseline[None])
    assert np.abs(found.values.sum(axis=1) - change).max() <= 1e-3
    assert found.complete and found.incomplete <= 1e-3


def prepared(model: bytes, folder: Path, **more: Any) -> dict[str, Any]:
    """What the child gets for the model, written to its folder."""
    plan = read_model(model)
    heads = [layer for layer in plan.layers if layer.kind == "output"]
    (folder / "model.onnx").write_bytes(cut_down(model, heads))
    inputs = [
        {"name": s.name, "dtype": s.dtype.name, "shape": s.row_shape, "start": s.start, "stop": s.stop}
        for s in input_slices(plan)
    ]
    layers = [layer_arguments(layer) for layer in heads]
    return {"batch": batch_size(plan), "threads": 1, "inputs": inputs, "layers": layers, **more}


def computed(
    model: bytes, rows: np.ndarray, folder: Path, monkeypatch: pytest.MonkeyPatch, most_steps: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """values, changes and steps of the child's function, here."""
    monkeypatch.chdir(folder)
    for name in ("MPLCONFIGDIR", "MPLBACKEND"):
        monkeypatch.setenv(name, "")  # so that what the function sets is undone
    np.save("rows.npy", rows)
    np.save("baseline.npy", np.zeros(rows.shape[1]))
    compute_gradients(prepared(model, folder, steps=4, most_steps=most_steps, complete=1e-3), lambda _: None)
    return np.load("values.npy"), np.load("changes.npy"), int(np.load("steps.npy")[0])


def test_points_are_doubled_until_the_values_are_complete(tmp_path, monkeypatch) -> None:
    """f = Relu(x0 - 0.3): from 0 to x the slope is 1 on the share 0.7 of the way to 1, known to 1/steps."""
    nodes = [
        helper.make_node("Gemm", ["x", "W", "b"], ["z"]),
        helper.make_node("Relu", ["z"], ["h"]),
        helper.make_node("Gemm", ["h", "V"], ["y"]),
    ]
    weights = {"W": [[1.0], [0.0]], "b": [-0.3], "V": [[1.0]]}
    model = graph(nodes, weights, 2, ["y"])
    values, changes, steps = computed(model, np.array([[1.0, 5.0], [0.2, 5.0]]), tmp_path, monkeypatch, 4096)
    assert steps > 4
    np.testing.assert_allclose(values[:, :, 0], [[0.7, 0.0], [0.0, 0.0]], atol=1e-3 * 0.7 + 1e-7)
    assert missed(values, changes).max() <= 1e-3


def test_a_model_that_jumps_stays_incomplete_and_is_said_to(tmp_path, monkeypatch) -> None:
    nodes = [
        helper.make_node("Gemm", ["x", "W"], ["z"]),
        helper.make_node("Floor", ["z"], ["h"]),
        helper.make_node("Gemm", ["h", "V"], ["y"]),
    ]
    model = graph(nodes, {"W": [[1.0]], "V": [[2.0]]}, 1, ["y"])
    values, changes, steps = computed(model, np.array([[1.5]]), tmp_path, monkeypatch, 16)
    assert steps == 16 and changes[0, 0] == 2.0
    assert missed(values, changes)[0] == 1.0


def networks() -> dict[str, Any]:
    import torch
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    torch.manual_seed(0)
    convolution = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(36, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2),
    ).eval()  # fmt: skip
    rows, pixels, tokens = torch.zeros(2, 4), torch.zeros(2, 1, 8, 8), torch.zeros(2, 5, 6)
    X, y = iris()
    return {
        "residual": lambda: exported(residual_network(), rows, dynamo=True),
        "residual, operator set 9": lambda: exported(residual_network(), rows, dynamo=False, opset=9),
        "residual, operator set 17": lambda: exported(residual_network(), rows, dynamo=False, opset=17),
        "convolution": lambda: exported(convolution, pixels, dynamo=True),
        "transformer": lambda: exported(sequence_network("transformer"), tokens, dynamo=True),
        "lstm": lambda: exported(sequence_network("lstm"), tokens, dynamo=False),
        "scaler": lambda: to_onnx(make_pipeline(StandardScaler(), classifier()).fit(X, y), X),
    }


@pytest.mark.parametrize(
    "name",
    ["residual", "residual, operator set 9", "residual, operator set 17", "convolution", "transformer",
     "lstm", "scaler"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_what_exporters_write_comes_back_with_its_values_and_its_gradients(
    name: str, tmp_path, monkeypatch
) -> None:
    import torch

    from estimator.comparison.torch_model import TorchModel, check_same

    model = networks()[name]().SerializeToString()
    monkeypatch.chdir(tmp_path)
    given = prepared(model, tmp_path)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, width(read_model(model))))
    wanted = ExplainedModel(given)(x)
    back = TorchModel(onnx.load("model.onnx"), given["inputs"], given["layers"], given["batch"])
    found = check_same(back, x, wanted)
    assert found.dtype == np.float64
    with pytest.raises(UnsupportedModel, match="gives other values than the model itself"):
        check_same(back, x, wanted + 1e-3)
    at = torch.from_numpy(x).requires_grad_()
    gradient = torch.autograd.grad(back(at)[:, 0].sum(), at)[0].numpy()
    step, way = 1e-6, rng.normal(size=x.shape)
    with torch.no_grad():
        ahead, behind = (back(torch.from_numpy(x + sign * step * way))[:, 0].sum() for sign in (1, -1))
    # Central differences in doubles: off by step^2, and by rounding over step, about 1e-10.
    assert float(ahead - behind) / (2 * step) == pytest.approx((gradient * way).sum(), abs=1e-7)
    assert np.abs(gradient).max() > 1e-6


def test_an_operator_without_a_way_back_is_refused_by_node() -> None:
    from estimator.comparison.torch_model import TorchModel

    nodes = [
        helper.make_node("Normalizer", ["x"], ["z"], name="unit", domain="ai.onnx.ml", norm="L2"),
        helper.make_node("Relu", ["z"], ["y"]),
    ]
    with pytest.raises(UnsupportedModel, match=r"operator Normalizer \(node 'unit'\)") as refused:
        TorchModel(onnx.load_from_string(graph(nodes, {}, 3, ["a", "b", "c"])), [], [], None)
    [place] = refused.value.errors
    assert (place.field, place.node, place.operator) == ("methods", "unit", "Normalizer")
    assert "leave integrated_gradients out" in refused.value.detail
