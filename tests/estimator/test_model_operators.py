"""Every operator of the table is run: alone here, or among others in the modules that ELSEWHERE names.

Each model is held against onnxruntime, and each of its neurons is changed by itself.
"""

from typing import Any

import numpy as np
import onnx
import pytest

from estimator.model.operators import OPERATORS
from estimator.model.read import read_model
from tests.models.graphs import matrix, model, node
from tests.models.perturbing import check_neurons
from tests.models.running import check_plan

IMAGE = {"x": ["rows", 2, 4, 4]}
AFTER = [node("Gemm", "h u", "y")]
POOLED = [node("GlobalAveragePool", "p", "g"), node("Flatten", "g", "f"), node("MatMul", "f u", "y")]


def of_features(*steps: onnx.NodeProto, **weights: Any) -> onnx.ModelProto:
    """Four features, five neurons `a`, the steps that make `h` of them, two outputs."""
    opset = weights.pop("opset", 21)
    nodes = [node("Gemm", "x w", "a"), *steps, *AFTER]
    return model(nodes, {"w": matrix(4, 5), "u": matrix(5, 2)} | weights, opset=opset)


def of_channels(*steps: onnx.NodeProto, opset: int = 21, **weights: Any) -> onnx.ModelProto:
    """Two channels of 4 x 4, five channels `a`, the steps that make `p` of them, two outputs."""
    constants = {"w": matrix(5, 2, 2, 2), "u": matrix(5, 2)} | weights
    return model([node("Conv", "x w", "a"), *steps, *POOLED], constants, inputs=IMAGE, opset=opset)


def in_pieces(operator: str, inputs: str = "h1 h2") -> onnx.ModelProto:
    nodes = [
        node("Gemm", "x w", "a"), node("Relu", "a", "h1"), node("Gemm", "x v", "b"), node("Tanh", "b", "h2"),
        node(operator, inputs, "h"), *AFTER,
    ]  # fmt: skip
    return model(nodes, {"w": matrix(4, 5), "v": matrix(4, 5, seed=1), "u": matrix(5, 2)})


def over_positions(operator: str) -> onnx.ModelProto:
    nodes = [
        node("Conv", "x w", "a"), node("Relu", "a", "h"), node(operator, "h axes", "f", keepdims=0),
        node("Gemm", "f u", "y"),
    ]  # fmt: skip
    constants = {"w": matrix(5, 2, 2, 2), "u": matrix(5, 2), "axes": np.array([2, 3])}
    return model(nodes, constants, inputs=IMAGE)


def chosen(*steps: onnx.NodeProto, where: str = "c a low") -> onnx.ModelProto:
    return of_features(*steps, node("Where", where, "h"), low=-0.5, high=0.5)


def decided(*steps: onnx.NodeProto) -> onnx.ModelProto:
    proto = model([node("Gemm", "x w", "y"), *steps], {"w": matrix(4, 3)})
    proto.graph.output.append(onnx.ValueInfoProto(name="label"))
    return proto


def quantised(
    *steps: onnx.NodeProto, inputs: dict[str, Any] | None = None, **weights: Any
) -> onnx.ModelProto:
    constants = {
        "s": np.float32(0.05), "z": np.array(128, np.uint8), "t": np.float32(0.02), "n": np.array(0, np.int8),
        "wq": np.random.default_rng(0).integers(-99, 99, (4, 5)).astype(np.int8), "u": matrix(5, 2),
    }  # fmt: skip
    return model(list(steps), constants | weights, inputs=inputs)


def one_hot() -> onnx.ModelProto:
    nodes = [
        node("OneHot", "x depth values", "o"), node("Flatten", "o", "f"), node("Gemm", "f w", "a"),
        node("Relu", "a", "h"), *AFTER,
    ]  # fmt: skip
    constants = {"depth": np.array([6]), "values": [0.0, 1.0], "w": matrix(18, 5), "u": matrix(5, 2)}
    return model(nodes, constants, inputs={"x": ["rows", 3]}, kind=onnx.TensorProto.INT64)


def upsampled() -> onnx.ModelProto:
    steps = [node("Relu", "a", "h"), node("Upsample", "h scales", "p")]
    return of_channels(*steps, opset=9, scales=[1, 1, 2, 2])


IN_THE_UNIT_INTERVAL = [node("Tanh", "a", "t"), node("Mul", "t half", "m")]
ABOVE_ONE = [node("Abs", "a", "t"), node("Add", "t one", "m")]
IMAGE_OF_CONSTANTS = {"k": np.random.default_rng(1).integers(-99, 99, (5, 2, 2, 2)).astype(np.int8)}
UNQUANTISED = [node("DequantizeLinear", "q s z", "d"), node("Relu", "d", "h")]

UNARY = [
    "Abs",
    "Asinh",
    "Atan",
    "Ceil",
    "Cos",
    "Cosh",
    "Floor",
    "Round",
    "Shrink",
    "Sign",
    "Sin",
    "Sinh",
    "Tan",
]
FEATURES, CHANNELS = ["x", "h", "y"], ["x", "h", "y"]
MODELS: dict[str, tuple[onnx.ModelProto, list[str]]] = {
    **{
        name: (of_features(node(name, "a", "h")), FEATURES)
        for name in UNARY
    },
    "Swish": (of_features(node("Swish", "a", "h"), opset=24), FEATURES),
    **{
        name: (of_features(*IN_THE_UNIT_INTERVAL, node(name, "m", "h"), half=0.5), FEATURES)
        for name in ("Acos", "Asin", "Atanh")
    },
    **{
        name: (of_features(*ABOVE_ONE, node(name, "m", "h"), one=1.0), FEATURES)
        for name in ("Acosh", "Log")
    },
    "Min": (of_features(node("Min", "a half", "h"), half=0.5), FEATURES),
    "Mean": (in_pieces("Mean"), ["x", "h1", "h2", "y"]),
    "Sum": (in_pieces("Sum", "h1 h2 h1"), ["x", "h1", "h2", "y"]),
    **{
        name: (chosen(node(name, "a high", "c")), FEATURES)
        for name in ("Less", "LessOrEqual", "GreaterOrEqual")
    },
    "IsInf": (chosen(node("IsInf", "a", "c"), where="c low a"), FEATURES),
    **{
        name: (chosen(node("Less", "a high", "c1"), node("Greater", "a low", "c2"), node(name, "c1 c2", "c")),
               FEATURES)
        for name in ("And", "Or")
    },
    "ArgMin": (decided(node("ArgMin", "y", "label", axis=1)), ["x", "y"]),
    "ai.onnx.ml.LabelEncoder": (
        decided(node("ArgMax", "y", "i", axis=1), node("ml.LabelEncoder", "i", "label",
                keys_int64s=[0, 1, 2], values_strings=["a", "b", "c"])), ["x", "y"]),
    "ai.onnx.ml.Normalizer": (of_features(node("ml.Normalizer", "a", "h", norm="L2")), FEATURES),
    "LpNormalization": (of_features(node("LpNormalization", "a", "h", axis=1, p=2)), FEATURES),
    "RMSNormalization": (
        of_features(node("RMSNormalization", "a scale", "h"), scale=np.ones(5, np.float32), opset=23),
        FEATURES),
    "LRN": (of_channels(node("LRN", "a", "p", size=3)), ["x", "p", "y"]),
    "LpPool": (of_channels(node("Relu", "a", "h"), node("LpPool", "h", "p", kernel_shape=[2, 2])), CHANNELS),
    "GlobalLpPool": (of_channels(node("Relu", "a", "h"), node("GlobalLpPool", "h", "p")), CHANNELS),
    **{
        name: (over_positions(name), CHANNELS)
        for name in ("ReduceL1", "ReduceLogSumExp", "ReduceMin", "ReduceSumSquare")
    },
    "Upsample": (upsampled(), CHANNELS),
    "OneHot": (one_hot(), ["x", "o", "h", "y"]),
    "QuantizeLinear": (
        of_features(node("Relu", "a", "r"), node("QuantizeLinear", "r s z", "q"),
                    node("DequantizeLinear", "q s z", "h"), s=np.float32(0.05), z=np.array(0, np.uint8)),
        ["x", "r", "y"]),
    "MatMulInteger": (
        quantised(node("QuantizeLinear", "x s z", "xq"), node("MatMulInteger", "xq wq z n", "i"),
                  node("Cast", "i", "f", to=1), node("Mul", "f t", "m"), node("Relu", "m", "h"), *AFTER),
        FEATURES),
    "QLinearMatMul": (
        quantised(node("QuantizeLinear", "x s z", "xq"), node("QLinearMatMul", "xq s z wq t n s z", "q"),
                  *UNQUANTISED, *AFTER),
        FEATURES),
    "ConvInteger": (
        quantised(node("QuantizeLinear", "x s z", "xq"), node("ConvInteger", "xq k z n", "i"),
                  node("Cast", "i", "f0", to=1), node("Mul", "f0 t", "m"), node("Relu", "m", "h"),
                  node("Identity", "h", "p"), *POOLED, inputs=IMAGE, **IMAGE_OF_CONSTANTS),
        CHANNELS),
    "QLinearConv": (
        quantised(node("QuantizeLinear", "x s z", "xq"), node("QLinearConv", "xq s z k t n s z", "q"),
                  *UNQUANTISED, node("Identity", "h", "p"), *POOLED, inputs=IMAGE, **IMAGE_OF_CONSTANTS),
        CHANNELS),
}  # fmt: skip

ELSEWHERE = {
    "test_model_recognise, test_model_blocks and test_model_activations": (
        "Relu LeakyRelu PRelu ThresholdedRelu Elu Selu Celu Gelu Mish Softplus Softsign Sigmoid HardSigmoid "
        "HardSwish Tanh Clip Erf Exp Sqrt Reciprocal Pow Max Where Equal Greater IsNaN Not Gemm MatMul "
        "Einsum Conv ConvTranspose Concat Add Sub Mul Div Neg BatchNormalization Softmax LogSoftmax "
        "LayerNormalization InstanceNormalization GroupNormalization MaxPool AveragePool GlobalAveragePool "
        "GlobalMaxPool LSTM GRU RNN Attention ReduceMean ReduceSum ReduceMax ReduceL2 Identity Cast Dropout "
        "Transpose Flatten Reshape Squeeze Unsqueeze Expand Slice Gather Split Pad Resize Shape Constant "
        "ArgMax"
    ),
    "test_model_exporters": (
        "DequantizeLinear DynamicQuantizeLinear ai.onnx.ml.Scaler ai.onnx.ml.ZipMap ai.onnx.ml.Binarizer "
        "ai.onnx.ml.ArrayFeatureExtractor SimplifiedLayerNormalization"
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_it_is_read_as_it_is_computed(name: str) -> None:
    proto, tensors = MODELS[name]
    plan = read_model(proto.SerializeToString())
    assert [layer.tensor for layer in plan.layers] == tensors
    assert name in {f"{n.domain}.{n.op_type}" if n.domain else n.op_type for n in proto.graph.node}
    check_plan(proto, plan)
    assert check_neurons(proto, plan) > 0


def test_no_operator_is_left_out() -> None:
    tried = set(MODELS).union(*(names.split() for names in ELSEWHERE.values()))
    own = {name for name in OPERATORS if name.startswith("com.microsoft.")}  # test_model_blocks, _exporters
    assert tried == set(OPERATORS) - own
