"""Layers of graphs made by hand: where they are, how wide, what feeds what."""

import json
from typing import Any

import numpy as np
import onnx
import pytest

from estimator.errors import InvalidModel, UnsupportedModel
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from tests.models.graphs import matrix, model, node, plain
from tests.models.perturbing import check_neurons
from tests.models.running import check_plan

ONES = np.ones(5, np.float32)


def read(proto: onnx.ModelProto) -> ModelPlan:
    plan = read_model(proto.SerializeToString())
    check_plan(proto, plan)
    check_neurons(proto, plan)
    return plan


def tensors(plan: ModelPlan) -> list[str]:
    return [layer.tensor for layer in plan.layers]


def sizes(plan: ModelPlan) -> list[int]:
    return [layer.size for layer in plan.layers]


def test_a_layer_is_what_its_activation_leaves() -> None:
    plan = read(plain())
    assert [(la.name, la.kind, la.tensor, la.size, la.level) for la in plan.layers] == [
        ("x", "input", "x", 4, 0),
        ("hidden", "hidden", "h", 5, 1),
        ("output", "output", "y", 3, 2),
    ]
    assert plan.links == ((0, 1), (1, 2))
    assert [la.operators for la in plan.layers] == [(), ("Gemm", "Relu"), ("Gemm", "Softmax")]
    assert plan.layers[1].neurons == tuple(f"hidden.{i}" for i in range(5))
    assert plan.features is None


def test_affine_steps_with_no_nonlinearity_between_are_one_layer() -> None:
    nodes = [
        node("MatMul", "x w", "a"),
        node("Add", "a b", "c"),
        node("MatMul", "c v", "d"),
        node("BatchNormalization", "d s s s s", "e"),
        node("Tanh", "e", "h"),
        node("Mul", "h s", "f"),
        node("MatMul", "f u", "y"),
    ]
    weights = {"w": matrix(4, 7), "b": matrix(7), "v": matrix(7, 5), "s": ONES, "u": matrix(5, 2)}
    plan = read(model(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [4, 5, 2])
    assert plan.layers[1].operators == ("MatMul", "Add", "MatMul", "BatchNormalization", "Tanh")
    assert plan.layers[2].operators == ("Mul", "MatMul")


def test_a_residual_connection_is_an_edge_set_of_its_own() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h1"),
        node("Gemm", "h1 v", "b"), node("Add", "b h1", "s"), node("Relu", "s", "h2"),
        node("Gemm", "x w", "x2"), node("Gemm", "h2 v", "c"), node("Add", "c x2", "t"),
        node("Relu", "t", "h3"), node("Gemm", "h3 u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "v": matrix(5, 5), "u": matrix(5, 2)}))
    assert tensors(plan) == ["x", "h1", "h2", "h3", "y"]
    assert plan.links == ((0, 1), (0, 3), (1, 2), (2, 3), (3, 4))
    assert [la.level for la in plan.layers] == [0, 1, 2, 3, 4]


def test_an_identity_shortcut_around_a_block_feeds_the_layers_after_it() -> None:
    """s = h1 + f(h1) is linear in both, so what follows has both as sources."""
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h1"),
        node("Gemm", "h1 v", "b"), node("Relu", "b", "h2"), node("Add", "h1 h2", "s"),
        node("Gemm", "s v", "c"), node("Relu", "c", "h3"), node("Gemm", "h3 u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "v": matrix(5, 5), "u": matrix(5, 2)}))
    assert tensors(plan) == ["x", "h1", "h2", "h3", "y"]
    assert plan.links == ((0, 1), (1, 2), (1, 3), (2, 3), (3, 4))


def test_branches_side_by_side_are_sources_of_what_follows() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h1"), node("Gemm", "x v", "b"), node("Tanh", "b", "h2"),
        node("Concat", "h1 h2 x", "c", axis=1), node("Gemm", "c u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "v": matrix(4, 3), "u": matrix(12, 2)}))
    assert (tensors(plan), sizes(plan)) == (["x", "h1", "h2", "y"], [4, 5, 3, 2])
    assert plan.links == ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3))


def test_a_gate_is_a_layer_and_so_is_what_it_gates() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Gemm", "x v", "b"), node("Sigmoid", "b", "g"),
        node("Mul", "a g", "h"), node("Gemm", "h u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "v": matrix(4, 5, seed=1), "u": matrix(5, 2)}))
    assert tensors(plan) == ["x", "g", "h", "y"]
    assert plan.links == ((0, 1), (0, 2), (1, 2), (2, 3))


SPELLED: dict[str, list[onnx.NodeProto]] = {
    "swish": [node("Sigmoid", "a", "s"), node("Mul", "a s", "h")],
    "erf gelu": [
        node("Div", "a root2", "d"), node("Erf", "d", "e"), node("Add", "e one", "f"),
        node("Mul", "a f", "g"), node("Mul", "g half", "h"),
    ],
    "tanh gelu": [
        node("Pow", "a three", "p"), node("Mul", "p half", "q"), node("Add", "a q", "r"),
        node("Mul", "r half", "s"), node("Tanh", "s", "t"), node("Add", "t one", "u1"),
        node("Mul", "a half", "v1"), node("Mul", "v1 u1", "h"),
    ],
    "mish": [node("Softplus", "a", "s"), node("Tanh", "s", "t"), node("Mul", "a t", "h")],
    "hard swish": [node("HardSigmoid", "a", "s"), node("Mul", "a s", "h")],
    "relu6": [node("Relu", "a", "r"), node("Clip", "r - six", "h")],
    "prelu": [node("PRelu", "a slope", "h")],
    "max with 0": [node("Max", "a zero", "h")],
    "relu, dropout, batch norm": [
        node("Relu", "a", "h"), node("Dropout", "h", "d"), node("BatchNormalization", "d n n n n", "z"),
    ],
    "one minus sigmoid": [node("Sigmoid", "a", "s"), node("Sub", "one s", "h")],
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLED)
def test_an_activation_spelled_in_steps_is_one_layer(spelling: str) -> None:
    steps = SPELLED[spelling]
    nodes = [node("Gemm", "x w", "a"), *steps, node("Gemm", f"{steps[-1].output[0]} u", "y")]
    weights: dict[str, Any] = {
        "w": matrix(4, 5), "u": matrix(5, 2), "n": ONES, "slope": 0.3 * ONES, "root2": 2**0.5, "one": 1,
        "half": 0.5, "three": 3, "zero": 0, "six": 6,
    }  # fmt: skip
    plan = read(model(nodes, weights))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [4, 5, 2])
    assert plan.links == ((0, 1), (1, 2))


def test_a_bound_may_be_infinite() -> None:
    nodes = [node("Gemm", "x w", "a"), node("Clip", "a low high", "h"), node("Gemm", "h u", "y")]
    weights = {"w": matrix(4, 5), "u": matrix(5, 2), "low": 0.0, "high": float("inf")}
    assert tensors(read(model(nodes, weights))) == ["x", "h", "y"]


@pytest.mark.parametrize(
    "activation",
    ["Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "Tanh", "Softplus", "Softsign",
     "Gelu", "HardSwish", "Mish", "ThresholdedRelu", "Softmax", "LogSoftmax"],
)  # fmt: skip
def test_every_activation_function_ends_a_layer(activation: str) -> None:
    nodes = [node("Gemm", "x w", "a"), node(activation, "a", "h"), node("Gemm", "h u", "y")]
    assert tensors(read(model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2)}))) == ["x", "h", "y"]


def test_an_activation_that_is_used_by_itself_and_through_another_is_a_layer_as_well() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "r"), node("Tanh", "r", "t"),
        node("Gemm", "r u", "b"), node("Gemm", "t u", "c"), node("Add", "b c", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2)}))
    assert tensors(plan) == ["x", "r", "t", "y"]
    assert plan.links == ((0, 1), (1, 2), (1, 3), (2, 3))


def test_probabilities_are_taken_where_logits_are_returned_beside_them() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h"), node("Gemm", "h u", "logits"),
        node("Softmax", "logits", "probabilities"), node("ArgMax", "logits", "label", axis=1),
    ]  # fmt: skip
    proto = model(nodes, {"w": matrix(4, 5), "u": matrix(5, 3)}, outputs=["logits", "label", "probabilities"])
    proto.graph.output[1].type.tensor_type.elem_type = onnx.TensorProto.INT64
    assert tensors(read(proto)) == ["x", "h", "probabilities"]


def test_of_a_model_that_returns_only_a_label_the_scores_are_taken() -> None:
    nodes = [node("Gemm", "x w", "a"), node("ArgMax", "a", "b", axis=1), node("Cast", "b", "y", to=7)]
    proto = model(nodes, {"w": matrix(4, 3)})
    assert tensors(read(proto)) == ["x", "a"]


def test_two_heads_are_two_output_layers() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h"),
        node("Gemm", "h u", "price"), node("Gemm", "h v", "b"), node("Sigmoid", "b", "risk"),
    ]  # fmt: skip
    weights = {"w": matrix(4, 5), "u": matrix(5, 1), "v": matrix(5, 2)}
    plan = read(model(nodes, weights, outputs=["price", "risk"]))
    assert [(la.tensor, la.kind) for la in plan.layers] == [
        ("x", "input"), ("h", "hidden"), ("price", "output"), ("risk", "output"),
    ]  # fmt: skip
    assert plan.links == ((0, 1), (1, 2), (1, 3))


def test_nothing_that_the_output_does_not_need_is_a_layer() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h"), node("Tanh", "a", "unused"),
        node("Gemm", "h u", "y"),
    ]  # fmt: skip
    assert tensors(read(model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2)}))) == ["x", "h", "y"]


@pytest.mark.parametrize(
    ("nodes", "weights"),
    [
        ([node("Gemm", "x w", "a", transB=1)], {"w": matrix(5, 4)}),
        ([node("Transpose", "w", "v"), node("MatMul", "x v", "a")], {"w": matrix(5, 4)}),
        ([node("Transpose", "x", "t"), node("Gemm", "w t", "s"), node("Transpose", "s", "a")],
         {"w": matrix(5, 4)}),
        ([node("Transpose", "x", "t"), node("Gemm", "t w", "a", transA=1)], {"w": matrix(4, 5)}),
        ([node("Gemm", "w x", "s", transB=1), node("Transpose", "s", "a")], {"w": matrix(5, 4)}),
    ],
)  # fmt: skip
def test_weights_may_stand_on_either_side_and_be_transposed(
    nodes: list[onnx.NodeProto], weights: dict[str, Any]
) -> None:
    rest = [node("Relu", "a", "h"), node("Gemm", "h u", "y")]
    plan = read(model([*nodes, *rest], weights | {"u": matrix(5, 2)}))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [4, 5, 2])


def test_a_network_of_transposed_activations_keeps_its_rows() -> None:
    nodes = [
        node("Transpose", "x", "t"), node("MatMul", "w t", "a"), node("Add", "a b", "c"),
        node("Relu", "c", "h"), node("MatMul", "u h", "s"), node("Transpose", "s", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(5, 4), "b": matrix(5, 1), "u": matrix(2, 5)}))
    hidden = plan.layers[1]
    assert (hidden.tensor, hidden.size, hidden.neuron_axis, hidden.row_axis) == ("h", 5, 0, 1)
    assert (plan.layers[2].tensor, plan.layers[2].neuron_axis, plan.layers[2].row_axis) == ("y", 1, 0)


def test_images_are_flattened_by_plumbing_that_is_no_layer() -> None:
    nodes = [
        node("Flatten", "x", "f"), node("Gemm", "f w", "a"), node("Relu", "a", "h"),
        node("Unsqueeze", "h two", "h3"), node("Squeeze", "h3 two", "h2"), node("Reshape", "h2 to", "h1"),
        node("Gemm", "h1 u", "y"),
    ]  # fmt: skip
    weights = {"w": matrix(12, 5), "u": matrix(5, 2), "two": np.array([2]), "to": np.array([-1, 5])}
    plan = read(model(nodes, weights, inputs={"x": ["rows", 3, 2, 2]}))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "y"], [12, 5, 2])


def test_rows_that_are_fixed_are_seen_in_shapes() -> None:
    nodes = [node("Reshape", "x to", "r"), node("Gemm", "r w", "a"), node("Tanh", "a", "y")]
    weights = {"to": np.array([7, 4]), "w": matrix(4, 2)}
    proto = model(nodes, weights, inputs={"x": [7, 2, 2]})
    plan = read_model(proto.SerializeToString())
    check_plan(proto, plan, rows=7)
    check_neurons(proto, plan)
    assert plan.inputs[0].shape == (7, 2, 2)
    assert sizes(plan) == [4, 2]


def test_a_neuron_of_a_convolution_is_a_channel() -> None:
    nodes = [
        node("Conv", "x w", "a"), node("BatchNormalization", "a n n n n", "b"), node("Relu", "b", "h"),
        node("MaxPool", "h", "p", kernel_shape=[2, 2]), node("Conv", "p v", "c"), node("Relu", "c", "k"),
        node("GlobalAveragePool", "k", "g"), node("Flatten", "g", "f"), node("Gemm", "f u", "d"),
        node("Softmax", "d", "y"),
    ]  # fmt: skip
    weights = {
        "w": matrix(6, 3, 3, 3), "n": np.ones(6, np.float32), "v": matrix(8, 6, 2, 2), "u": matrix(8, 2),
    }  # fmt: skip
    plan = read(model(nodes, weights, inputs={"x": ["rows", 3, 8, 8]}))
    assert (tensors(plan), sizes(plan)) == (["x", "h", "k", "y"], [192, 6, 8, 2])
    assert [la.meaning for la in plan.layers] == [None, *["channel, mean over positions"] * 2, None]


def test_a_layer_norm_between_blocks_is_a_layer() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("LayerNormalization", "a s", "n"), node("Gemm", "n v", "b"),
        node("Relu", "b", "h"), node("Gemm", "h u", "y"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "s": ONES, "v": matrix(5, 6), "u": matrix(6, 2)}))
    assert (tensors(plan), sizes(plan)) == (["x", "n", "h", "y"], [4, 5, 6, 2])


def test_several_inputs_of_one_column_give_the_features_their_names() -> None:
    nodes = [node("Concat", "age income", "x", axis=1), node("Gemm", "x w", "a"), node("Relu", "a", "y")]
    plan = read(model(nodes, {"w": matrix(2, 3)}, inputs={"age": ["n", 1], "income": ["n", 1]}))
    assert plan.features == ("age", "income") == plan.layers[0].neurons
    assert (plan.layers[0].name, sizes(plan)) == ("inputs", [2, 3])


def test_wider_inputs_stand_side_by_side() -> None:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h"), node("Concat", "h z", "c", axis=1),
        node("Gemm", "c u", "y"),
    ]  # fmt: skip
    weights = {"w": matrix(2, 3), "u": matrix(6, 2)}
    plan = read(model(nodes, weights, inputs={"x": ["n", 2], "z": ["n", 3]}))
    assert plan.features is None
    assert plan.layers[0].neurons == ("x.0", "x.1", "z.0", "z.1", "z.2")
    assert plan.links == ((0, 1), (0, 2), (1, 2))


def test_weights_that_are_listed_as_inputs_are_weights() -> None:
    proto = plain()
    proto.ir_version = 3
    for tensor in proto.graph.initializer:
        proto.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, 1, list(tensor.dims)))
    assert [given.name for given in read(proto).inputs] == ["x"]


def test_nodes_may_stand_in_any_order() -> None:
    proto = plain()
    nodes = list(proto.graph.node)[::-1]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    assert tensors(read_model(proto.SerializeToString())) == ["x", "h", "y"]


def test_names_of_features_and_outputs_come_from_the_metadata_verbatim() -> None:
    names = ["</script>", "a`b", "q\"'", "\x1b]0;x", "é", " a"]
    nodes = [node("Gemm", "x w", "a", names[0]), node("Relu", "a", "y")]
    metadata = {"nif.inputs": json.dumps(names[:4]), "nif.outputs": json.dumps(names[3:])}
    plan = read(model(nodes, {"w": matrix(4, 3)}, metadata=metadata))
    assert plan.features == tuple(names[:4]) == plan.layers[0].neurons
    assert plan.layers[1].neurons == tuple(names[3:])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[", "no JSON"), ('"abcd"', "not a list"), ("[1, 2, 3, 4]", "not a list"),
        ('["a", "b"]', "2 names, the model has 4"), ('["a", "b", "c", "a"]', "'a' twice"),
        ('["a", "b", "c", ""]', "empty name"), ('["a", "b", "c", "\\ud800"]', "surrogate"),
    ],
)  # fmt: skip
def test_metadata_that_names_no_columns_is_refused(value: str, said: str) -> None:
    proto = plain()
    onnx.helper.set_model_props(proto, {"nif.inputs": value})
    with pytest.raises(InvalidModel, match=said) as caught:
        read_model(proto.SerializeToString())
    assert caught.value.errors[0].field == "nif.inputs"


def test_layer_names_are_unique() -> None:
    nodes = [
        node("Gemm", "x w", "a", "/fc/Gemm"), node("Relu", "a", "h"), node("Gemm", "h v", "b", "/fc/Gemm_1"),
        node("Relu", "b", "k"), node("Gemm", "k v", "y", "Gemm_2"),
    ]  # fmt: skip
    plan = read(model(nodes, {"w": matrix(4, 5), "v": matrix(5, 5)}))
    assert [la.name for la in plan.layers] == ["x", "fc", "fc_2", "output"]


def test_a_long_name_is_kept() -> None:
    name = "n" * 10_000
    plan = read(model([node("Gemm", "x w", "a", name), node("Relu", "a", "y")], {"w": matrix(4, 3)}))
    assert plan.layers[1].name == name


@pytest.mark.parametrize(
    ("operator", "attributes"), [("Det", {}), ("NonZero", {}), ("CumSum", {}), ("TopK", {})]
)
def test_an_operator_that_is_not_supported_is_named_with_its_node(
    operator: str, attributes: dict[str, Any]
) -> None:
    proto = model([node("Gemm", "x w", "a", "fc"), node(operator, "a", "y", "odd")], {"w": matrix(4, 3)})
    with pytest.raises(UnsupportedModel, match=operator) as caught:
        read_model(proto.SerializeToString())
    assert (caught.value.errors[0].node, caught.value.errors[0].operator) == ("odd", operator)


UNARY = (
    "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish "
    "LeakyRelu Log Mish Neg Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt "
    "Swish Tan Tanh ThresholdedRelu"
)


@pytest.mark.parametrize("operator", UNARY.split())
def test_every_function_of_one_neuron_keeps_the_neurons(operator: str) -> None:
    nodes = [node("Gemm", "x w", "a"), node(operator, "a", "h"), node("Gemm", "h u", "y")]
    proto = model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2)}, opset=24)
    plan = read_model(proto.SerializeToString())
    expected = ["x", "y"] if operator == "Neg" else ["x", "h", "y"]
    assert tensors(plan) == expected


NEWEST = onnx.defs.onnx_opset_version()


@pytest.mark.parametrize("opset", range(7, NEWEST + 1))
def test_every_operator_set_is_read(opset: int) -> None:
    proto = plain()
    proto.opset_import[0].version = opset
    if opset < 13:
        proto.graph.node[3].attribute.append(onnx.helper.make_attribute("axis", 1))
    assert tensors(read_model(proto.SerializeToString())) == ["x", "h", "y"]


@pytest.mark.parametrize("ir_version", range(3, onnx.IR_VERSION + 1))
def test_every_ir_version_is_read(ir_version: int) -> None:
    proto = plain()
    proto.ir_version = ir_version
    assert tensors(read_model(proto.SerializeToString())) == ["x", "h", "y"]
