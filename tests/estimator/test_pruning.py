"""Neurons taken out of the graph: the smaller model gives what the model with these neurons at 0 gives."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from estimator.errors import UnsupportedModel
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from tests.estimator.cuttable_networks import NETWORKS, network, outputs_without, pruned, rows_of
from tests.estimator.test_model_exporters import exported, sequence_network
from tests.models.graphs import matrix, node
from tests.models.graphs import model as graph
from tests.models.running import values


def run(model: bytes, name: str, x: NDArray[Any]) -> NDArray[Any]:
    """As a user runs it: with onnxruntime's own settings."""
    found: NDArray[Any] = onnxruntime.InferenceSession(model).run(None, {name: x})[0]
    return found


def close(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return bool((np.abs(a - b) <= 1e-5 * np.maximum(1, np.abs(b))).all())


def random_cut(plan: ModelPlan, rng: np.random.Generator) -> dict[str, list[int]]:
    """Any number of neurons of some hidden layers, at least one of each left."""
    cut = {}
    for layer in plan.layers:
        if layer.kind == "hidden" and layer.size > 1 and rng.random() < 0.8:
            count = int(rng.integers(1, layer.size))
            cut[layer.name] = sorted(int(i) for i in rng.choice(layer.size, count, replace=False))
    return cut


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", NETWORKS)
def test_cutting_a_random_set_out_of_the_graph_is_the_same_as_zeroing_it(
    tmp_path: Path, name: str, seed: int
) -> None:
    model, shape = network(name)
    plan, x = read_model(model), rows_of(shape)
    cut = random_cut(plan, np.random.default_rng(seed))
    made, report = pruned(tmp_path, model, plan, x, {layer: {"zero": i} for layer, i in cut.items()})
    onnx.checker.check_model(onnx.load_from_string(made), full_check=True)
    zeroed = outputs_without(model, plan, {"x": x}, cut)
    assert close(run(made, "x", x), zeroed)
    assert not close(run(made, "x", x), run(model, "x", x)), "the cut changes nothing: the test is empty"
    other = rows_of(shape, seed=99)  # what was cut at 0 is exact on any rows
    assert close(run(made, "x", other), outputs_without(model, plan, {"x": other}, cut))
    gone = {(tensor, i) for tensor, i, _ in report["gone"]}
    held = {(tensor, i) for tensor, i, _ in report["held"]}
    wanted = {(layer.tensor, i) for layer in plan.layers for i in cut.get(layer.name, ())}
    assert gone | held == wanted and not gone & held and not report["kept"]
    after = {layer.tensor: layer.size for layer in read_model(made).layers}
    for layer in plan.layers[1:]:
        assert after[layer.tensor] == layer.size - sum(tensor == layer.tensor for tensor, _ in gone)
    assert report["parameters"][1] < report["parameters"][0] or not gone


def with_constant_channels(model: bytes, rng: np.random.Generator) -> bytes:
    """Some rows of weights at 0: neurons that give a constant, 0 or another."""
    proto = onnx.load_from_string(model)
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor).copy()
        if values.ndim >= 2 and rng.random() < 0.6:
            values[(rng.random(len(values)) < 0.4) & (np.arange(len(values)) > 0)] = 0
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    data: bytes = proto.SerializeToString()
    return data


def mixed_cut(
    plan: ModelPlan, tensors: dict[str, NDArray[Any]], rng: np.random.Generator
) -> dict[str, dict[str, list[int]]]:
    """Most of the constant neurons and some of the others; at least one of each layer is left."""
    cut = {}
    for name, zero in random_cut(plan, rng).items():
        layer = next(layer for layer in plan.layers if layer.name == name)
        values = np.moveaxis(tensors[layer.tensor], layer.neuron_axis, 0).reshape(layer.size, -1)
        constant = [i for i in range(1, layer.size) if (values[i] == values[i, 0]).all()]
        others = [i for i in zero if i not in constant and i != 0 and rng.random() < 0.5]
        cut[name] = {"constant": [i for i in constant if rng.random() < 0.8], "zero": others}
    return cut


# At 42 and 64 a constant neuron of a convolutional network has to stay, and wakes up when others are cut.
@pytest.mark.parametrize("seed", [9, 42, 64])
@pytest.mark.parametrize("name", NETWORKS)
def test_constant_neurons_go_at_their_constant_and_those_that_stay_are_as_they_were(
    tmp_path: Path, name: str, seed: int
) -> None:
    rng = np.random.default_rng(1000 + seed)
    plain, shape = network(name)
    model, x = with_constant_channels(plain, rng), rows_of(shape, 24, seed)
    plan = read_model(model)
    tensors = values(onnx.load_from_string(model), {"x": x}, [layer.tensor for layer in plan.layers[1:]])
    cut = mixed_cut(plan, tensors, rng)
    made, report = pruned(tmp_path, model, plan, x, cut)
    fixed: dict[str, dict[int, float]] = {}
    names = {layer.tensor: layer.name for layer in plan.layers}
    for tensor, i, value in report["gone"]:
        fixed.setdefault(names[tensor], {})[i] = value
    for tensor, i, _ in report["held"]:
        fixed.setdefault(names[tensor], {})[i] = 0.0
    places = {layer: list(chosen) for layer, chosen in fixed.items()}
    wanted = outputs_without(model, plan, {"x": x}, places, {k: list(v.values()) for k, v in fixed.items()})
    assert close(run(made, "x", x), wanted)
    told = [report[fate] for fate in ("gone", "held", "kept")]
    assert sum(map(len, told)) == sum(len(i) for kinds in cut.values() for i in kinds.values())


@pytest.mark.parametrize("name", ["mlp", "convolutional", "residual", "joined"])
def test_what_torch_exports_by_dynamo_is_pruned_too(tmp_path: Path, name: str) -> None:
    model, shape = network(name, True)
    plan, x = read_model(model), rows_of(shape)
    cut = random_cut(plan, np.random.default_rng(1))
    made, report = pruned(tmp_path, model, plan, x, {layer: {"zero": i} for layer, i in cut.items()})
    assert close(run(made, "x", x), outputs_without(model, plan, {"x": x}, cut))
    assert report["gone"] or name == "joined"


def test_a_channel_that_is_joined_gated_and_summed_goes_when_all_of_its_neurons_are_cut(
    tmp_path: Path,
) -> None:
    model, shape = network("joined")
    plan, x = read_model(model), rows_of(shape)
    hidden = [layer for layer in plan.layers if layer.kind == "hidden"]
    cut = {layer.name: [1 if layer.size > 3 else 0] for layer in hidden}  # the right branch: 4 + 0
    narrow = [layer.name for layer in hidden if layer.size == 3]
    for name in narrow:
        cut.pop(name)
    made, report = pruned(tmp_path, model, plan, x, {layer: {"zero": i} for layer, i in cut.items()})
    assert len(report["gone"]) == len(cut) == 4 and not report["held"]
    assert close(run(made, "x", x), outputs_without(model, plan, {"x": x}, cut))


def test_everything_goes_in_a_plain_network(tmp_path: Path) -> None:
    for name in ("mlp", "convolutional"):
        model, shape = network(name)
        plan, x = read_model(model), rows_of(shape)
        cut = {layer.name: {"zero": [0, 2]} for layer in plan.layers if layer.kind == "hidden"}
        _, report = pruned(tmp_path, model, plan, x, cut)
        if name == "mlp":
            assert not report["held"]
        assert len(report["gone"]) >= 4


def test_a_channel_of_a_residual_sum_goes_on_all_branches_or_on_none(tmp_path: Path) -> None:
    """x -> h = relu(A x); s = relu(B h) + h; y = C s."""
    nodes = [
        node("Gemm", "x A a", "p"),
        node("Relu", "p", "h"),
        node("Gemm", "h B b", "q"),
        node("Relu", "q", "g"),
        node("Add", "g h", "s"),
        node("Gemm", "s C c", "y"),
    ]
    weights = {"A": matrix(4, 5), "a": matrix(5), "B": matrix(5, 5, seed=1), "b": matrix(5, seed=2),
               "C": matrix(5, 2, seed=3), "c": matrix(2)}  # fmt: skip
    model = graph(nodes, weights).SerializeToString()
    plan, x = read_model(model), rows_of((4,))
    first, second = (layer.name for layer in plan.layers[1:3])
    _, alone = pruned(tmp_path, model, plan, x, {first: {"zero": [2]}})
    assert not alone["gone"]
    ((_, _, why),) = alone["held"]
    assert "together with that of" in why and "not cut" in why
    made, both = pruned(tmp_path, model, plan, x, {first: {"zero": [2]}, second: {"zero": [2]}})
    assert len(both["gone"]) == 2 and not both["held"]
    sizes = {tensor.name: list(tensor.dims) for tensor in onnx.load_from_string(made).graph.initializer}
    assert sizes["A"] == [4, 4] and sizes["B"] == [4, 4] and sizes["C"] == [4, 2]
    cut = {first: [2], second: [2]}
    assert close(run(made, "x", x), outputs_without(model, plan, {"x": x}, cut))


def constant_network(pads: int, bias: float) -> bytes:
    """Two convolutions; channel 1 of the first is relu(bias) everywhere, whatever goes in."""
    W, b = matrix(3, 1, 3, 3), np.array([0.1, bias, 0.2], np.float32)
    W[1] = 0
    nodes = [
        node("Conv", "x W b", "a", pads=[1, 1, 1, 1]),
        node("Relu", "a", "h"),
        node("Conv", "h V v", "c", pads=[pads] * 4),
        node("Relu", "c", "g"),
        node("GlobalAveragePool", "g", "p"),
        node("Flatten", "p", "y"),
    ]
    weights = {"W": W, "b": b, "V": matrix(2, 3, 3, 3, seed=1), "v": matrix(2)}
    return graph(nodes, weights, inputs={"x": ["rows", 1, 6, 6]}).SerializeToString()


@pytest.mark.parametrize(("pads", "bias", "goes"), [(0, 0.7, True), (1, -0.7, True), (1, 0.7, False)])
def test_a_constant_channel_is_folded_into_the_next_bias_where_that_is_exact(
    tmp_path: Path, pads: int, bias: float, goes: bool
) -> None:
    model = constant_network(pads, bias)
    plan, x = read_model(model), rows_of((1, 6, 6))
    made, report = pruned(tmp_path, model, plan, x, {plan.layers[1].name: {"constant": [1]}})
    assert close(run(made, "x", x), run(model, "x", x))
    assert close(run(made, "x", 5 * x), run(model, "x", 5 * x))
    if goes:
        assert [(i, value) for _, i, value in report["gone"]] == [(1, pytest.approx(max(0, bias)))]
    else:
        assert not report["gone"] and "pads with 0" in report["kept"][0][2]


def test_constants_go_through_norms_joins_and_products_into_every_kind_of_bias(tmp_path: Path) -> None:
    """h = [sigmoid(x A), x B tanh]; BatchNormalization; then a MatMul with an Add, one without, a Gemm."""
    A, B = matrix(4, 3), matrix(4, 2, seed=1)
    A[:, 1] = 0  # sigmoid(0): one half
    nodes = [
        node("MatMul", "x A", "a"),
        node("Sigmoid", "a", "s"),
        node("MatMul", "x B", "b"),
        node("Tanh", "b", "t"),
        node("Concat", "s t", "j", axis=1),
        node("BatchNormalization", "j scale shift mean var", "n"),
        node("MatMul", "n C", "c"),
        node("Add", "c d", "e"),
        node("Relu", "e", "f"),
        node("MatMul", "n D", "k"),
        node("Relu", "k", "l"),
        node("Gemm", "n E", "m", alpha=0.5, transB=1),
        node("Relu", "m", "o"),
        node("Sum", "f l o", "u"),
        node("Gemm", "u F", "y"),
    ]
    weights = {"A": A, "B": B, "C": matrix(5, 3, seed=2), "D": matrix(5, 3, seed=3),
               "E": matrix(3, 5, seed=4), "F": matrix(3, 2, seed=5), "d": matrix(3, seed=6),
               "scale": matrix(5, seed=7), "shift": matrix(5, seed=8), "mean": matrix(5, seed=9),
               "var": np.abs(matrix(5, seed=10)) + 0.5}  # fmt: skip
    model = graph(nodes, weights).SerializeToString()
    plan, x = read_model(model), rows_of((4,))
    layer = next(layer for layer in plan.layers if layer.tensor == "s")
    made, report = pruned(tmp_path, model, plan, x, {layer.name: {"constant": [1]}})
    assert [(tensor, i, value) for tensor, i, value in report["gone"]] == [("s", 1, 0.5)]
    assert close(run(made, "x", x), run(model, "x", x))
    sizes = {tensor.name: list(tensor.dims) for tensor in onnx.load_from_string(made).graph.initializer}
    assert sizes["A"] == [4, 2] and sizes["C"] == [4, 3] and sizes["E"] == [3, 4] and sizes["scale"] == [4]


def test_constant_and_other_neurons_go_together(tmp_path: Path) -> None:
    model = constant_network(0, 0.7)
    plan, x = read_model(model), rows_of((1, 6, 6))
    first, second = (layer.name for layer in plan.layers[1:3])
    cut = {first: {"constant": [1], "zero": [2]}, second: {"zero": [0]}}
    if plan.layers[2].kind == "output":
        cut.pop(second)
    made, report = pruned(tmp_path, model, plan, x, cut)
    assert len(report["gone"]) == sum(len(i) for kinds in cut.values() for i in kinds.values())
    wanted = outputs_without(model, plan, {"x": x}, {first: [2]})
    assert close(run(made, "x", x), wanted)


def test_a_weight_that_two_nodes_share_is_sliced_for_one_of_them_alone(tmp_path: Path) -> None:
    """The same matrix makes the first layer and sums over the second."""
    W = matrix(4, 4)
    nodes = [
        node("MatMul", "x W", "a"),
        node("Relu", "a", "h"),
        node("MatMul", "h W", "b"),
        node("Relu", "b", "g"),
        node("MatMul", "g V", "y"),
    ]
    model = graph(nodes, {"W": W, "V": matrix(4, 2, seed=1)}).SerializeToString()
    plan, x = read_model(model), rows_of((4,))
    name = plan.layers[1].name
    made, report = pruned(tmp_path, model, plan, x, {name: {"zero": [0, 3]}})
    assert len(report["gone"]) == 2
    assert close(run(made, "x", x), outputs_without(model, plan, {"x": x}, {name: [0, 3]}))


def test_what_mixes_channels_otherwise_keeps_the_neuron_and_says_why(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x W", "a"),
        node("Relu", "a", "h"),
        node("LayerNormalization", "h scale", "n", axis=-1),
        node("MatMul", "n V", "y"),
    ]
    weights = {"W": matrix(4, 5), "scale": np.ones(5, np.float32), "V": matrix(5, 2, seed=1)}
    model = graph(nodes, weights).SerializeToString()
    plan, x = read_model(model), rows_of((4,))
    name = plan.layers[1].name
    made, report = pruned(tmp_path, model, plan, x, {name: {"zero": [1]}})
    assert not report["gone"] and "LayerNormalization" in report["held"][0][2]
    assert close(run(made, "x", x), outputs_without(model, plan, {"x": x}, {name: [1]}))


def test_the_feed_forward_neurons_of_a_transformer_go(tmp_path: Path) -> None:
    import torch

    proto = exported(sequence_network("transformer"), torch.zeros(2, 5, 6), dynamo=False)
    model = proto.SerializeToString()
    plan, x = read_model(model), rows_of((5, 6))
    name = next(layer.name for layer in plan.layers if layer.name.endswith("linear1"))
    made, report = pruned(tmp_path, model, plan, x, {name: {"zero": [1, 3, 8]}})
    assert len(report["gone"]) == 3
    assert close(run(made, "x", x), outputs_without(model, plan, {"x": x}, {name: [1, 3, 8]}))
    heads = next(layer.name for layer in plan.layers if layer.head_axis is not None)
    with pytest.raises(UnsupportedModel, match="heads"):
        pruned(tmp_path, model, plan, x, {heads: {"zero": [0]}})


def test_all_outputs_are_verified_where_there_are_several(tmp_path: Path) -> None:
    nodes = [
        node("Gemm", "x A a", "p"),
        node("Relu", "p", "h"),
        node("Gemm", "h B", "y"),
        node("Gemm", "h C", "q"),
        node("Tanh", "q", "z"),
    ]
    weights = {"A": matrix(4, 6), "a": matrix(6), "B": matrix(6, 2, seed=1), "C": matrix(6, 3, seed=2)}
    model = graph(nodes, weights, outputs=("y", "z")).SerializeToString()
    plan, x = read_model(model), rows_of((4,))
    made, report = pruned(tmp_path, model, plan, x, {plan.layers[1].name: {"zero": [0, 3]}})
    assert len(report["gone"]) == 2
    changed = values(onnx.load_from_string(model), {"x": x}, ["h"])
    changed["h"][:, [0, 3]] = 0
    wanted = values(onnx.load_from_string(model), changed, ["y", "z"])
    for name, given in zip(("y", "z"), onnxruntime.InferenceSession(made).run(None, {"x": x}), strict=True):
        assert close(given, wanted[name])


def test_a_hidden_tensor_that_the_model_returns_is_given_as_it_was(tmp_path: Path) -> None:
    nodes = [node("Gemm", "x A a", "p"), node("Relu", "p", "h"), node("Gemm", "h B", "y")]
    weights = {"A": matrix(4, 6), "a": matrix(6), "B": matrix(6, 2, seed=1)}
    model = graph(nodes, weights, outputs=("h", "y")).SerializeToString()
    plan, x = read_model(model), rows_of((4,))
    name = plan.layers[1].name
    made, report = pruned(tmp_path, model, plan, x, {name: {"zero": [2]}})
    assert "inputs or outputs" in report["held"][0][2]
    h, y = onnxruntime.InferenceSession(made).run(None, {"x": x})
    assert np.array_equal(h, onnxruntime.InferenceSession(model).run(["h"], {"x": x})[0])
    assert close(y, outputs_without(model, plan, {"x": x}, {name: [2]}))


def test_a_model_of_a_fixed_number_of_rows_keeps_it(tmp_path: Path) -> None:
    free, shape = network("convolutional")
    proto = onnx.load_from_string(free)
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 8
    model, x = proto.SerializeToString(), rows_of(shape, rows=29)
    plan = read_model(model)
    cut = {layer.name: {"zero": [1]} for layer in plan.layers if layer.kind == "hidden"}
    made, report = pruned(tmp_path, model, plan, x, cut, batch=8)
    assert report["gone"]
    places = {name: [1] for name in cut}
    wanted = outputs_without(free, read_model(free), {"x": x}, places)
    assert close(run(made, "x", x[:8]), wanted[:8])


def test_a_model_in_double_precision_keeps_its_type(tmp_path: Path) -> None:
    nodes = [node("Gemm", "x W b", "a"), node("Sigmoid", "a", "h"), node("Gemm", "h V", "y")]
    W = matrix(4, 3).astype(np.float64)
    W[:, 0] = 0
    weights = {"W": W, "b": np.zeros(3), "V": matrix(3, 2, seed=1).astype(np.float64)}
    proto = graph(nodes, weights, kind=onnx.TensorProto.DOUBLE)
    proto.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    model, x = proto.SerializeToString(), rows_of((4,)).astype(np.float64)
    plan = read_model(model)
    made, report = pruned(tmp_path, model, plan, x, {plan.layers[1].name: {"constant": [0]}})
    assert [value for _, _, value in report["gone"]] == [0.5]
    assert np.abs(run(made, "x", x) - run(model, "x", x)).max() < 1e-12


def test_a_quantised_layer_is_refused(tmp_path: Path) -> None:
    nodes = [
        node("Gemm", "x W", "a"),
        node("Relu", "a", "r"),
        node("QuantizeLinear", "r scale zero", "q"),
        node("DequantizeLinear", "q scale zero", "h"),
        node("MatMul", "h V", "y"),
    ]
    weights = {"W": matrix(4, 3), "scale": np.float32(0.05), "zero": np.uint8(0), "V": matrix(3, 2)}
    weights = {name: np.asarray(value) for name, value in weights.items()}
    model = graph(nodes, weights).SerializeToString()
    plan, x = read_model(model), rows_of((4,))
    layer = next(layer for layer in plan.layers if layer.kind == "hidden")
    cut = {layer.name: {"zero": [0]}}
    if layer.tensor == "q":
        with pytest.raises(UnsupportedModel, match=r"quantised|holds"):
            pruned(tmp_path, model, plan, x, cut)
    else:
        made, _ = pruned(tmp_path, model, plan, x, cut)
        assert close(run(made, "x", x), outputs_without(model, plan, {"x": x}, {layer.name: [0]}))
