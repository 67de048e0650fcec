"""Blocks of several operators: attention, recurrent layers, softmax and norms spelled out, functions."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from estimator.activations import activations
from estimator.errors import UnsupportedModel
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from estimator.model.unfold import unfold
from tests.models.graphs import SEQUENCE, attention, matrix, model, node
from tests.models.hostile import laughs
from tests.models.perturbing import check_neurons
from tests.models.running import check_plan, feeds, values


def read(proto: onnx.ModelProto) -> ModelPlan:
    plan = read_model(proto.SerializeToString())
    check_plan(unfold(proto), plan)
    check_neurons(unfold(proto), plan)
    return plan


def tensors(plan: ModelPlan) -> list[str]:
    return [layer.tensor for layer in plan.layers]


def sizes(plan: ModelPlan) -> list[int]:
    return [layer.size for layer in plan.layers]


# -- attention -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("between", "weights"),
    [
        ([node("Softmax", "s", "p")], "p"),
        ([node("Mul", "s half", "c"), node("Add", "c mask", "m"), node("Softmax", "m", "p")], "p"),
        ([node("Add", "s never", "m"), node("Softmax", "m", "p")], "p"),
        ([node("Where", "seen s low", "m"), node("Softmax", "m", "w"), node("Dropout", "w", "p")], "p"),
        ([node("Softmax", "s", "w"), node("IsNaN", "w", "n"), node("Where", "n half w", "p")], "p"),
    ],
)
def test_attention_is_one_layer_of_its_features(between: list[onnx.NodeProto], weights: str) -> None:
    plan = read(attention(*between, weights=weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 5, 2])
    assert plan.links == ((0, 1), (1, 2))
    assert plan.layers[1].meaning == "feature, mean over positions"


def test_the_heads_of_an_attention_are_neurons_side_by_side() -> None:
    """Activations: heads x features, averaged over tokens, as the next projection sees them."""
    split = np.array([0, 3, 2, 2])
    nodes = []
    for name in "qkv":
        nodes += [node("MatMul", f"x w{name}", f"{name}1"), node("Reshape", f"{name}1 split", f"{name}2")]
        perm = [0, 2, 3, 1] if name == "k" else [0, 2, 1, 3]
        nodes += [node("Transpose", f"{name}2", name, perm=perm)]
    nodes += [
        node("MatMul", "q k", "s"), node("Softmax", "s", "p"), node("MatMul", "p v", "h"),
        node("Transpose", "h", "h2", perm=[0, 2, 1, 3]), node("Reshape", "h2 join", "h3"),
        node("MatMul", "h3 u", "y"),
    ]  # fmt: skip
    constants = {f"w{name}": matrix(4, 4, seed=i) for i, name in enumerate("qkv")}
    weights = constants | {"u": matrix(4, 2), "split": split, "join": np.array([0, 3, 4])}
    proto = model(nodes, weights, inputs=SEQUENCE)
    plan = read(proto)
    assert (plan.layers[1].tensor, plan.layers[1].size, plan.layers[1].head_axis) == ("h", 4, 1)
    X = np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)
    found = activations(proto.SerializeToString(), plan, X.astype(float))
    joined = values(proto, {"x": X.reshape(40, 3, 4)}, ["h3"])["h3"]
    np.testing.assert_allclose(found[1], joined.mean(axis=1), rtol=1e-6)


def test_heads_that_stand_beside_the_rows_are_neurons_where_they_are_taken_apart() -> None:
    """As Keras spells it: [rows x heads, tokens, features] until after the product."""
    nodes = []
    for name in "qkv":
        nodes += [node("MatMul", f"x w{name}", f"{name}1"), node("Reshape", f"{name}1 split", f"{name}2")]
        nodes += [node("Transpose", f"{name}2", f"{name}3", perm=[0, 2, 1, 3])]
        nodes += [node("Reshape", f"{name}3 together", name)]
    nodes += [
        node("Transpose", "k", "kt", perm=[0, 2, 1]), node("MatMul", "q kt", "s"), node("Softmax", "s", "p"),
        node("MatMul", "p v", "h"), node("Reshape", "h apart", "h2"), node("Squeeze", "h2 last", "h3"),
        node("Transpose", "h3", "h4", perm=[0, 2, 1, 3]), node("Reshape", "h4 join", "h5"),
        node("MatMul", "h5 u", "y"),
    ]  # fmt: skip
    shapes = {"split": [0, 3, 2, 5], "together": [-1, 3, 5], "apart": [-1, 2, 3, 5, 1], "join": [0, 3, 10]}
    weights = {f"w{name}": matrix(4, 10, seed=i) for i, name in enumerate("qkv")}
    weights |= {name: np.array(shape) for name, shape in shapes.items()}
    proto = model(nodes, weights | {"u": matrix(10, 2), "last": np.array([4])}, inputs=SEQUENCE)
    plan = read(proto)
    layer = plan.layers[1]
    assert (layer.tensor, layer.size, layer.head_axis, layer.neuron_axis) == ("h2", 10, 1, 3)
    assert layer.meaning == "feature of an attention head, mean over tokens"
    X = np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)
    found = activations(proto.SerializeToString(), plan, X.astype(float))
    joined = values(proto, {"x": X.reshape(40, 3, 4)}, ["h5"])["h5"]
    np.testing.assert_allclose(found[1], joined.mean(axis=1), rtol=1e-6, atol=1e-7)


def test_the_standards_own_attention_is_one_layer() -> None:
    nodes = [
        node("MatMul", "x wq", "q"), node("MatMul", "x wk", "k"), node("MatMul", "x wv", "v"),
        node("Attention", "q k v", "h", q_num_heads=2, kv_num_heads=2), node("MatMul", "h u", "y"),
    ]  # fmt: skip
    weights = {"wq": matrix(4, 6), "wk": matrix(4, 6, seed=1), "wv": matrix(4, 6, seed=2), "u": matrix(6, 2)}
    plan = read(model(nodes, weights, inputs=SEQUENCE, opset=23))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 6, 2])


def of_onnxruntime(nodes: list[onnx.NodeProto], weights: dict[str, Any]) -> onnx.ModelProto:
    """Nodes named `ms.X` are onnxruntime's own."""
    for step in nodes:
        if step.op_type.startswith("ms."):
            step.op_type, step.domain = step.op_type[3:], "com.microsoft"
    proto = model(nodes, weights, inputs=SEQUENCE)
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return proto


def test_onnxruntimes_own_attention_is_one_layer() -> None:
    w, u = matrix(4, 12), matrix(4, 2)
    packed = [node("ms.Attention", "x w b", "h", num_heads=2), node("MatMul", "h u", "y")]
    plan = read(of_onnxruntime(packed, {"w": w, "b": matrix(12), "u": u}))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 4, 2])
    apart = [node("MatMul", f"x w{name}", name) for name in "qkv"]
    apart += [node("ms.MultiHeadAttention", "q k v", "h", num_heads=2), node("MatMul", "h u", "y")]
    weights = {f"w{name}": matrix(4, 4, seed=i) for i, name in enumerate("qkv")}
    plan = read(of_onnxruntime(apart, weights | {"u": u}))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 4, 2])


def test_onnxruntimes_own_activations_take_a_bias() -> None:
    nodes = [
        node("MatMul", "x w", "a"), node("ms.FastGelu", "a b", "h"), node("MatMul", "h v", "c"),
        node("ms.QuickGelu", "c", "g"), node("ms.FusedMatMul", "g u", "y", transB=1, alpha=0.5),
    ]  # fmt: skip
    weights = {"w": matrix(4, 5), "b": matrix(5), "v": matrix(5, 6), "u": matrix(2, 6)}
    plan = read(of_onnxruntime(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "g", "y"], [12, 5, 6, 2])


def test_the_sum_before_a_skip_normalisation_goes_on_to_the_next() -> None:
    nodes = [
        node("MatMul", "x w", "a"), node("Relu", "a", "r"), node("MatMul", "r v", "b"),
        node("ms.SkipLayerNormalization", "b r g", "h - - s"), node("MatMul", "h u", "c"),
        node("Add", "c s", "d"), node("Tanh", "d", "y"),
    ]  # fmt: skip
    nodes[3].output[:] = ["h", "", "", "s"]
    ones = np.ones(5, np.float32)
    weights = {"w": matrix(4, 5), "v": matrix(5, 5, seed=1), "g": ones, "u": matrix(5, 5, seed=2)}
    plan = read(of_onnxruntime(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "r", "h", "y"], [12, 5, 5, 5])
    assert plan.links == ((0, 1), (1, 2), (1, 3), (2, 3))


def test_its_norms_without_a_mean_and_its_gelu_are_layers() -> None:
    nodes = [
        node("MatMul", "x w", "a"), node("SimplifiedLayerNormalization", "a g", "h"),
        node("MatMul", "h v", "b"), node("ms.SkipSimplifiedLayerNormalization", "b h g", "k"),
        node("MatMul", "k v", "c"), node("ms.Gelu", "c", "e"), node("MatMul", "e u", "y"),
    ]  # fmt: skip
    weights = {"w": matrix(4, 5), "g": np.ones(5, np.float32), "v": matrix(5, 5, seed=1), "u": matrix(5, 2)}
    plan = read(of_onnxruntime(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "k", "e", "y"], [12, 5, 5, 5, 2])
    assert plan.links == ((0, 1), (1, 2), (2, 3), (3, 4))


def test_a_fused_convolution_that_adds_its_input_is_one_layer() -> None:
    nodes = [
        node("ms.FusedConv", "x w", "h", activation="Relu"),
        node("ms.FusedConv", "h v - h", "k", activation="Sigmoid"),
        node("ReduceMean", "k axis", "m", keepdims=0), node("Gemm", "m u", "y"),
    ]  # fmt: skip
    weights = {"w": matrix(5, 3, 1), "v": matrix(5, 5, 1, seed=1), "axis": np.array([2]), "u": matrix(5, 2)}
    plan = read(of_onnxruntime(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "k", "y"], [12, 5, 5, 2])


def test_other_operators_of_onnxruntime_are_refused() -> None:
    with pytest.raises(UnsupportedModel, match="onnxruntime's own operators"):
        read_model(of_onnxruntime([node("ms.BeamSearch", "x", "y")], {}).SerializeToString())


# -- sums over letters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "shape"),
    [("rtf,fg->rtg", (4, 5)), ("fg,rtf->rtg", (4, 5)), ("rtf,gf->rgt", (5, 4)), ("rtf,tfg->rg", (3, 4, 5))],
)
def test_a_sum_over_letters_with_constants_is_a_layers_weights(equation: str, shape: tuple[int, ...]) -> None:
    given = "w x" if equation.startswith("fg") else "x w"
    nodes = [node("Einsum", given, "a", equation=equation), node("Relu", "a", "h")]
    plan = read(model(nodes, {"w": matrix(*shape)}, inputs=SEQUENCE, outputs=("h",)))
    assert (tensors(plan), sizes(plan)) == (["x", "h"], [12, 5])


def test_attention_by_sums_over_letters_is_one_layer_of_its_heads() -> None:
    nodes = [node("Einsum", f"x w{name}", name, equation="rtf,fhd->rthd") for name in "qkv"]
    nodes += [
        node("Einsum", "q k", "s", equation="rthd,rshd->rhts"), node("Softmax", "s", "p"),
        node("Einsum", "p v", "h", equation="rhts,rshd->rthd"),
        node("Einsum", "h u", "y", equation="rthd,hdf->rtf"),
    ]  # fmt: skip
    weights = {f"w{name}": matrix(4, 2, 3, seed=i) for i, name in enumerate("qkv")} | {"u": matrix(2, 3, 2)}
    plan = read(model(nodes, weights, inputs=SEQUENCE))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 6, 2])
    assert plan.layers[1].head_axis == 2


@pytest.mark.parametrize(
    ("equation", "mentions"),
    [
        ("rtf,fg->tg", "other rows"), ("...f,fg->...g", "write all letters"), ("rtt,fg->rg", "letter twice"),
        ("rtf,fg", "the arrow"),
    ],
)  # fmt: skip
def test_a_sum_over_rows_and_spellings_that_hide_letters_are_refused(equation: str, mentions: str) -> None:
    nodes = [node("Einsum", "x w", "y", equation=equation)]
    with pytest.raises(UnsupportedModel, match=mentions):
        read_model(model(nodes, {"w": matrix(4, 5)}, inputs=SEQUENCE).SerializeToString())


# -- recurrent layers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("directions", [1, 2])
def test_a_recurrent_layer_is_one_layer_of_its_features(operator: str, gates: int, directions: int) -> None:
    more = {"direction": "bidirectional"} if directions == 2 else {}
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]), node(operator, "t w r", "h", hidden_size=5, **more),
        node("Transpose", "h", "a", perm=[2, 0, 1, 3]), node("Reshape", "a join", "b"),
        node("MatMul", "b u", "y"),
    ]  # fmt: skip
    weights = {
        "w": matrix(directions, gates * 5, 4), "r": matrix(directions, gates * 5, 5),
        "join": np.array([0, 3, -1]), "u": matrix(5 * directions, 2),
    }  # fmt: skip
    plan = read(model(nodes, weights, inputs=SEQUENCE))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 5 * directions, 2])
    assert plan.layers[1].meaning == "feature, mean over steps"


def test_the_state_after_the_last_step_is_a_layer_as_it_is() -> None:
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]), node("GRU", "t w r", "- h", hidden_size=5),
        node("Squeeze", "h axis", "a"), node("MatMul", "a u", "y"),
    ]  # fmt: skip
    nodes[1].output[:] = ["", "h"]
    weights = {"w": matrix(1, 15, 4), "r": matrix(1, 15, 5), "axis": np.array([0]), "u": matrix(5, 2)}
    plan = read(model(nodes, weights, inputs=SEQUENCE))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 5, 2])
    assert plan.layers[1].meaning == "feature after the last step"


# -- spelled in steps ----------------------------------------------------------------------------------------

NORMS: dict[str, list[onnx.NodeProto]] = {
    "softmax": [node("Exp", "a", "e"), node("ReduceSum", "e last", "s"), node("Div", "e s", "h")],
    "softmax from the largest": [
        node("ReduceMax", "a last", "m"), node("Sub", "a m", "d"), node("Exp", "d", "e"),
        node("ReduceSum", "e last", "s"), node("Div", "e s", "h"),
    ],
    "layer normalisation": [
        node("ReduceMean", "a last", "m"), node("Sub", "a m", "d"), node("Pow", "d two", "p"),
        node("ReduceMean", "p last", "v"), node("Add", "v tiny", "w1"), node("Sqrt", "w1", "sd"),
        node("Div", "d sd", "h"),
    ],
    "root mean square": [
        node("Mul", "a a", "p"), node("ReduceMean", "p last", "v"), node("Add", "v tiny", "w1"),
        node("Sqrt", "w1", "sd"), node("Reciprocal", "sd", "i"), node("Mul", "a i", "h"),
    ],
    "layer normalisation as Keras adds it up": [
        node("ReduceMean", "a last", "m"), node("Neg", "m", "minus"), node("Sub", "a m", "d"),
        node("Mul", "d d", "p"), node("ReduceMean", "p last", "v"), node("Add", "v tiny", "w1"),
        node("Sqrt", "w1", "sd"), node("Reciprocal", "sd", "i"), node("Mul", "a i", "h1"),
        node("Mul", "minus i", "h2"), node("Add", "h1 h2", "h"),
    ],
    "length 1": [node("ReduceL2", "a last", "l"), node("Div", "a l", "h")],
}  # fmt: skip


@pytest.mark.parametrize("spelling", NORMS)
def test_a_softmax_or_norm_that_is_spelled_in_steps_is_one_layer(spelling: str) -> None:
    nodes = [node("Gemm", "x w", "a"), *NORMS[spelling], node("Gemm", "h u", "y")]
    weights = {"w": matrix(4, 5), "u": matrix(5, 2), "last": np.array([1]), "two": 2.0, "tiny": 1e-5}
    plan = read(model(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [4, 5, 2])
    assert plan.links == ((0, 1), (1, 2))


def test_a_mean_that_is_added_is_linear() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("ReduceMean", "a last", "m"), node("Add", "a m", "h"),
        node("Gemm", "h u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2), "last": np.array([1])}))
    assert (tensors(plan), plan.links) == (["x", "y"], ((0, 1),))


def test_a_gate_by_the_mean_of_channels_stays_two_layers() -> None:
    """Squeeze and excitation computes with weights in between: it is no normalisation."""
    nodes = [
        node("Conv", "x w", "a"), node("Relu", "a", "h"), node("GlobalAveragePool", "h", "g"),
        node("Conv", "g v", "b"), node("Sigmoid", "b", "s"), node("Mul", "h s", "m"),
        node("GlobalAveragePool", "m", "p"), node("Flatten", "p", "f"), node("Gemm", "f u", "y"),
    ]  # fmt: skip
    weights = {"w": matrix(5, 2, 3, 3), "v": matrix(5, 5, 1, 1), "u": matrix(5, 2)}
    plan = read(model(nodes, weights, inputs={"x": ["rows", 2, 5, 5]}))
    assert tensors(plan) == ["x", "h", "s", "m", "y"]
    assert plan.links == ((0, 1), (1, 2), (1, 3), (2, 3), (3, 4))


def test_a_choice_between_values_of_the_same_neurons_is_an_activation_function() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Greater", "a zero", "c"), node("Mul", "a tenth", "b"),
        node("Where", "c a b", "h"), node("Gemm", "h u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2), "zero": 0.0, "tenth": 0.1}))
    assert tensors(plan) == ["x", "h", "y"]


def test_a_choice_by_another_branch_has_that_branch_as_a_source() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "r"), node("Gemm", "x v", "b"), node("Tanh", "b", "t"),
        node("Greater", "t zero", "c"), node("Where", "c r zero", "h"), node("Gemm", "h u", "y"),
    ]  # fmt: skip
    weights = {"w": matrix(4, 5), "v": matrix(4, 5, seed=1), "u": matrix(5, 2), "zero": 0.0}
    plan = read(model(nodes, weights))
    assert tensors(plan) == ["x", "r", "t", "h", "y"]
    assert plan.links == ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4))


def test_an_embedding_is_a_layer_of_its_features() -> None:
    nodes = [
        node("Gather", "table x", "e"),
        node("ReduceMean", "e axis", "m", keepdims=0),
        node("Gemm", "m u", "y"),
    ]
    weights = {"table": matrix(7, 5), "axis": np.array([1]), "u": matrix(5, 2)}
    proto = model(nodes, weights, inputs={"x": ["rows", 3]}, kind=onnx.TensorProto.INT64)
    plan = read_model(proto.SerializeToString())
    assert (tensors(plan), sizes(plan)) == (["x", "e", "y"], [3, 5, 2])


# -- functions and branches ----------------------------------------------------------------------------------


def with_function(body: list[onnx.NodeProto], attributes: list[str], call: onnx.NodeProto) -> onnx.ModelProto:
    proto = model([call, node("Gemm", "h u", "y")], {"w": matrix(4, 5), "u": matrix(5, 2)})
    imports = [helper.make_opsetid("", 21)]
    proto.functions.append(
        helper.make_function("local", "Dense", ["a", "w"], ["o"], body, imports, attributes)
    )
    proto.opset_import.append(helper.make_opsetid("local", 1))
    return proto


def test_local_functions_are_written_out() -> None:
    leaky = node("LeakyRelu", "m", "o", "act")
    leaky.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=1))
    call = helper.make_node("Dense", ["x", "w"], ["h"], "fc", domain="local", slope=0.25)
    proto = with_function([node("MatMul", "a w", "m"), leaky], ["slope"], call)
    whole = proto.SerializeToString()
    plan = read(proto)
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [4, 5, 2])
    assert plan.layers[1].operators == ("MatMul", "LeakyRelu")
    X = np.random.default_rng(0).normal(size=(40, 4))
    before = X @ matrix(4, 5)
    hidden = activations(whole, plan, X)[1]
    np.testing.assert_allclose(hidden, np.where(before > 0, before, 0.25 * before), atol=1e-5)


def test_functions_that_call_functions_are_written_out() -> None:
    plan = read(laughs(5))
    assert tensors(plan) == ["x", "y"]
    assert plan.layers[1].operators == ("Relu",) * 32


@pytest.mark.parametrize("condition", [True, False])
@pytest.mark.parametrize("by_a_node", [True, False])
def test_a_branch_that_is_always_taken_is_part_of_the_graph(condition: bool, by_a_node: bool) -> None:
    def branch(activation: str) -> onnx.GraphProto:
        out = helper.make_tensor_value_info("o", onnx.TensorProto.FLOAT, None)
        inner = [node("Add", "a bias", "m"), node(activation, "m", "o")]
        return helper.make_graph(
            inner, activation, [], [out], [helper.make_tensor("bias", 1, [5], [0.1] * 5)]
        )

    nodes = [
        node("Gemm", "x w", "a"),
        helper.make_node("If", ["c"], ["h"], then_branch=branch("Tanh"), else_branch=branch("Sigmoid")),
        node("Gemm", "h u", "y"),
    ]
    weights: dict[str, Any] = {"w": matrix(4, 5), "u": matrix(5, 2)}
    if by_a_node:
        value = helper.make_tensor("", onnx.TensorProto.BOOL, [], [not condition])
        nodes[:0] = [helper.make_node("Constant", [], ["d"], value=value), node("Not", "d", "c")]
    else:
        weights["c"] = np.array(condition)
    plan = read(model(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [4, 5, 2])
    assert plan.layers[1].operators == ("Gemm", "Add", "Tanh" if condition else "Sigmoid")


# -- shapes of positions -------------------------------------------------------------------------------------


def test_channels_stay_through_transposed_convolutions_pads_resizes_and_norms() -> None:
    nodes = [
        node("Pad", "x pads", "p"), node("Conv", "p w", "a"), node("InstanceNormalization", "a n n", "i"),
        node("Relu", "i", "h"), node("AveragePool", "h", "q", kernel_shape=[2, 2], strides=[2, 2]),
        node("ConvTranspose", "q v", "b", strides=[2, 2], group=2), node("GroupNormalization", "b m m", "g",
        num_groups=2), node("Sigmoid", "g", "k"), node("Resize", "k - scales", "z"),
        node("Conv", "z s", "c"), node("Flatten", "c", "f"), node("Gemm", "f u", "y"),
    ]  # fmt: skip
    weights: dict[str, Any] = {
        "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]), "w": matrix(6, 2, 3, 3), "n": np.ones(6, np.float32),
        "v": matrix(6, 2, 2, 2), "m": np.ones(4, np.float32), "scales": [1, 1, 2, 2], "s": matrix(1, 4, 8, 8),
        "u": matrix(1, 2),
    }  # fmt: skip
    plan = read(model(nodes, weights, inputs={"x": ["rows", 2, 4, 4]}))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "k", "y"], [32, 6, 4, 2])


def test_one_dimensional_and_three_dimensional_convolutions_are_read() -> None:
    for axes in (1, 3):
        nodes = [
            node("Conv", "x w", "a", group=2, dilations=[2] * axes), node("Relu", "a", "h"),
            node("GlobalMaxPool", "h", "p"), node("Flatten", "p", "f"), node("Gemm", "f u", "y"),
        ]  # fmt: skip
        weights = {"w": matrix(6, 1, *[2] * axes), "u": matrix(6, 2)}
        plan = read(model(nodes, weights, inputs={"x": ["rows", 2, *[4] * axes]}))
        assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [2 * 4**axes, 6, 2])


@pytest.mark.parametrize("kind", [onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE])
def test_other_widths_of_floats_are_read(kind: int) -> None:
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    nodes = [node("Gemm", "x w", "a"), node("Relu", "a", "h"), node("Gemm", "h u", "y")]
    weights = {"w": matrix(4, 5).astype(dtype), "u": matrix(5, 2).astype(dtype)}
    proto = model(nodes, weights, kind=kind)
    proto.graph.output[0].type.tensor_type.elem_type = kind
    plan = read_model(proto.SerializeToString())
    assert (tensors(plan), sizes(plan), plan.inputs[0].dtype) == (["x", "h", "y"], [4, 5, 2], str(dtype))
    given = feeds(plan)
    found = activations(proto.SerializeToString(), plan, given["x"].astype(float))
    np.testing.assert_allclose(found[1], values(proto, given, ["h"])["h"], rtol=1e-6)


def test_bfloat16_within_a_model_is_read() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Cast", "a", "b", to=onnx.TensorProto.BFLOAT16),
        node("Cast", "b", "c", to=onnx.TensorProto.FLOAT), node("Relu", "c", "h"), node("Gemm", "h u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2)}))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [4, 5, 2])


def test_rows_that_stand_beside_tokens_and_are_split_the_wrong_way_are_found_when_run() -> None:
    """[rows, 3, 4] as [rows x 3, 4] and then [3, rows, 5]: each row gets tokens of others."""
    nodes = [
        node("Reshape", "x flat", "f"), node("MatMul", "f w", "a"), node("Reshape", "a split", "b"),
        node("Relu", "b", "h"), node("MatMul", "h u", "y"),
    ]  # fmt: skip
    weights = {"flat": np.array([-1, 4]), "w": matrix(4, 5), "split": np.array([3, -1, 5]), "u": matrix(5, 2)}
    data = model(nodes, weights, inputs=SEQUENCE).SerializeToString()
    X = np.random.default_rng(0).normal(size=(40, 12))
    with pytest.raises(UnsupportedModel, match="other rows"):
        activations(data, read_model(data), X)
    weights["split"] = np.array([-1, 3, 5])
    plan = read(model(nodes, weights, inputs=SEQUENCE))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 5, 2])


def test_a_matrix_that_depends_on_rows_is_refused() -> None:
    with pytest.raises(UnsupportedModel, match="other rows"):
        read_model(model([node("Transpose", "x", "t"), node("MatMul", "x t", "y")]).SerializeToString())
