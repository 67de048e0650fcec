"""A model without some neurons, by masks as inputs: what it gives is what it gives with them at 0."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from estimator.ablation.masked_runs import Cut, MaskedRuns, model_outputs, run_masked
from estimator.errors import NotFinite, TimeLimit, UnsupportedModel
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from estimator.progress import silent
from estimator.runtime.limits import RunLimits
from estimator.scoring.truth import Truth
from tests.estimator.cuttable_networks import NETWORKS, network, outputs_without, rows_of
from tests.estimator.test_model_exporters import exported, sequence_network
from tests.models.graphs import matrix, node
from tests.models.graphs import model as graph

Floats = NDArray[np.float64]


def measured(model: bytes, plan: ModelPlan, x: Floats, cuts: list[Cut], **more: object) -> MaskedRuns:
    truth = Truth("y", "rmse", values=np.arange(len(x), dtype=float))
    flat = x.reshape(len(x), -1).astype(np.float64)
    return run_masked(model, plan, flat, cuts, truth, keep=range(len(cuts)), **more)  # type: ignore[arg-type]


def random_cuts(plan: ModelPlan, count: int, seed: int) -> list[Cut]:
    rng, cuts = np.random.default_rng(seed), list[Cut]()
    hidden = [layer for layer in plan.layers if layer.kind == "hidden" and layer.size > 1]
    for _ in range(count):
        chosen = [layer for layer in hidden if rng.random() < 0.7] or hidden[:1]
        cuts.append(
            {
                layer.index: np.sort(rng.choice(layer.size, rng.integers(1, layer.size), replace=False))
                for layer in chosen
            }
        )
    return cuts


def named(plan: ModelPlan, cut: Cut) -> dict[str, list[int]]:
    return {plan.layers[layer].name: places.tolist() for layer, places in cut.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_masked_run_is_the_model_with_these_neurons_at_zero(name: str) -> None:
    model, shape = network(name)
    plan, x = read_model(model), rows_of(shape)
    cuts: list[Cut] = [{}, *random_cuts(plan, 6, 1)]
    found = measured(model, plan, x, cuts)
    for number, cut in enumerate(cuts):
        wanted = outputs_without(model, plan, {"x": x}, named(plan, cut))
        assert np.abs(found.outputs[number] - wanted).max() < 1e-5
        truth = Truth("y", "rmse", values=np.arange(len(x), dtype=float))
        assert found.scores[number] == truth.score(found.outputs[number])
    before = model_outputs(model, plan, x.reshape(len(x), -1).astype(float), None, silent)
    assert np.array_equal(found.outputs[0], before), "with no neuron cut it is not the model itself"


def test_features_of_an_attention_head_are_cut_one_by_one() -> None:
    import torch

    proto = exported(sequence_network("transformer"), torch.zeros(2, 5, 6), dynamo=False)
    model = proto.SerializeToString()
    plan = read_model(model)
    heads = next(layer for layer in plan.layers if layer.head_axis is not None)
    x = rows_of((5, 6))
    cuts: list[Cut] = [{heads.index: np.array([1, heads.size - 1])}]
    wanted = outputs_without(model, plan, {"x": x}, named(plan, cuts[0]))
    assert np.abs(measured(model, plan, x, cuts).outputs[0] - wanted).max() < 1e-5


def transposed() -> bytes:
    """Neurons by rows: y' = V relu(W x')."""
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0]),
        node("MatMul", "W t", "a"),
        node("Relu", "a", "h"),
        node("MatMul", "V h", "b"),
        node("Transpose", "b", "y", perm=[1, 0]),
    ]
    return graph(nodes, {"W": matrix(5, 4), "V": matrix(2, 5, seed=1)}).SerializeToString()


def test_neurons_that_lie_before_the_rows_are_cut_too() -> None:
    model = transposed()
    plan, x = read_model(model), rows_of((4,))
    assert plan.layers[1].row_axis == 1
    cut = {1: np.array([0, 3])}
    wanted = outputs_without(model, plan, {"x": x}, named(plan, cut))
    assert np.abs(measured(model, plan, x, [cut]).outputs[0] - wanted).max() < 1e-6


def test_a_model_of_a_fixed_number_of_rows_is_run_in_blocks_of_it() -> None:
    proto = onnx.load_from_string(transposed())
    free, x = read_model(proto.SerializeToString()), rows_of((4,), rows=37)
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 8
    model = proto.SerializeToString()
    plan = read_model(model)
    cut = {1: np.array([2])}
    whole = measured(transposed(), free, x, [cut]).outputs[0]
    assert np.array_equal(measured(model, plan, x, [cut]).outputs[0], whole)


def test_a_cut_neuron_can_give_its_mean_instead() -> None:
    model, shape = network("mlp")
    plan, x = read_model(model), rows_of(shape)
    layer = plan.layers[2]
    fill = np.linspace(-1, 1, layer.size)
    cut = {layer.index: np.array([1, 4])}
    found = measured(model, plan, x, [cut], fills={layer.index: fill}).outputs[0]
    wanted = outputs_without(model, plan, {"x": x}, named(plan, cut), {layer.name: fill[[1, 4]]})
    assert np.abs(found - wanted).max() < 1e-5
    assert np.abs(found - measured(model, plan, x, [cut]).outputs[0]).max() > 1e-3


def test_a_quantised_layer_cannot_be_cut() -> None:
    nodes = [
        node("MatMul", "x W", "a"),
        node("QuantizeLinear", "a scale zero", "q"),
        node("Cast", "q", "h", to=1),
        node("MatMul", "h V", "y"),
    ]
    weights = {"W": matrix(4, 3), "scale": np.asarray(np.float32(0.05)), "zero": np.asarray(np.uint8(0)),
               "V": matrix(3, 2)}  # fmt: skip
    model = graph(nodes, weights).SerializeToString()
    plan = read_model(model)
    hidden = plan.layers[1]
    quantised = replace(plan, layers=(plan.layers[0], replace(hidden, tensor="q"), *plan.layers[2:]))
    with pytest.raises(UnsupportedModel, match="uint8"):
        measured(model, quantised, rows_of((4,)), [{1: np.array([0])}])


def test_a_cut_after_which_the_model_divides_by_zero_is_an_error_that_names_the_row() -> None:
    nodes = [
        node("MatMul", "x W", "a"),
        node("Exp", "a", "h"),
        node("ReduceSum", "h axes", "s", keepdims=1),
        node("MatMul", "h V", "b"),
        node("Div", "b s", "y"),
    ]
    weights = {"W": matrix(4, 2), "V": matrix(2, 2, seed=1), "axes": np.array([1])}
    model = graph(nodes, weights).SerializeToString()
    plan = read_model(model)
    with pytest.raises(NotFinite, match=r"2 neurons cut.*row 1"):
        measured(model, plan, rows_of((4,)), [{1: np.array([0, 1])}])


def test_the_child_keeps_its_limits() -> None:
    model, shape = network("mlp")
    plan = read_model(model)
    with pytest.raises(TimeLimit):
        measured(model, plan, rows_of(shape), [{}] * 1000, limits=RunLimits(seconds=0.2))
