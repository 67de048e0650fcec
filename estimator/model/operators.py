"""The table of operators: what each is to a network. A new operator is a row here, and a rule if it has a
rule of its own; docs/models.md shows the table to users.
"""

from collections.abc import Callable, Iterable

from estimator.model import (
    affine,
    decisions,
    folding,
    microsoft,
    normalisation,
    picking,
    plumbing,
    pointwise,
    quantisation,
    recurrent,
    reshaping,
    resizing,
)
from estimator.model.call import Call, Result
from estimator.model.einsum import einsum

Rule = Callable[[Call], Result]


def _rows(names: str, rule: Rule) -> Iterable[tuple[str, Rule]]:
    return ((name, rule) for name in names.split())


OPERATORS: dict[str, Rule] = dict([
    # activation functions, and functions that exporters spell them with
    *_rows("Relu LeakyRelu PRelu ThresholdedRelu Elu Selu Celu Gelu Mish Softplus Softsign Sigmoid "
           "HardSigmoid HardSwish Swish Tanh Clip Shrink Erf Exp Log Sqrt Reciprocal Abs Sign Floor Ceil "
           "Round Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh", pointwise.activation),
    *_rows("Pow", pointwise.power),
    *_rows("Max Min", pointwise.extremum),
    *_rows("Where", pointwise.choice),
    *_rows("Equal", pointwise.equality),
    # affine steps
    *_rows("Gemm", affine.gemm),
    *_rows("MatMul", affine.matmul),
    *_rows("Einsum", einsum),
    *_rows("Conv ConvTranspose", affine.convolution),
    *_rows("Concat", affine.concat),
    *_rows("Add Sub Sum Mean", pointwise.linear),
    *_rows("Mul Div", pointwise.product),
    *_rows("Neg", pointwise.negation),
    *_rows("BatchNormalization", pointwise.batch_normalization),
    *_rows("ai.onnx.ml.Scaler", pointwise.scaler),
    # several neurons or positions at once
    *_rows("Softmax LogSoftmax", normalisation.softmax),
    *_rows("LayerNormalization RMSNormalization", normalisation.layer_normalization),
    *_rows("InstanceNormalization GroupNormalization LRN", normalisation.channel_normalization),
    *_rows("LpNormalization", normalisation.norm),
    *_rows("ai.onnx.ml.Normalizer", normalisation.normalizer),
    *_rows("MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool", normalisation.pool),
    *_rows("LSTM GRU RNN", recurrent.recurrent),
    *_rows("Attention", recurrent.attention),
    *_rows("ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp",
           normalisation.reduction),
    # plumbing
    *_rows("Identity", plumbing.identity),
    *_rows("Cast", plumbing.cast),
    *_rows("Dropout", pointwise.dropout),
    *_rows("Transpose", plumbing.transpose),
    *_rows("Flatten", plumbing.flatten),
    *_rows("Reshape", reshaping.reshape),
    *_rows("Squeeze", plumbing.squeeze),
    *_rows("Unsqueeze", plumbing.unsqueeze),
    *_rows("Expand", plumbing.expand),
    *_rows("Slice Gather Split", picking.pick),
    *_rows("OneHot", picking.one_hot),
    *_rows("Pad", resizing.pad),
    *_rows("Resize Upsample", resizing.resize),
    *_rows("Shape", plumbing.shape_of),
    *_rows("Constant", folding.constant),
    # quantised models
    *_rows("QuantizeLinear", quantisation.quantize),
    *_rows("DequantizeLinear", quantisation.dequantize),
    *_rows("DynamicQuantizeLinear", quantisation.dynamic),
    *_rows("MatMulInteger", quantisation.integer_product),
    *_rows("ConvInteger", affine.convolution),
    *_rows("QLinearMatMul", quantisation.quantised_product),
    *_rows("QLinearConv", quantisation.quantised_convolution),
    # what onnxruntime's optimiser puts in
    *_rows("com.microsoft.FusedGemm", microsoft.fused_gemm),
    *_rows("com.microsoft.FusedConv", microsoft.fused_convolution),
    *_rows("com.microsoft.FusedMatMul", microsoft.fused_matmul),
    *_rows("com.microsoft.Gelu com.microsoft.QuickGelu", pointwise.activation),
    *_rows("com.microsoft.BiasGelu com.microsoft.FastGelu", microsoft.biased),
    *_rows("com.microsoft.SkipLayerNormalization com.microsoft.SkipSimplifiedLayerNormalization",
           microsoft.skip_normalisation),
    *_rows("SimplifiedLayerNormalization", normalisation.layer_normalization),
    *_rows("com.microsoft.Attention com.microsoft.MultiHeadAttention", microsoft.attention),
    # decisions after the outputs
    *_rows("ArgMax ArgMin Greater Less GreaterOrEqual LessOrEqual IsNaN IsInf "
           "ai.onnx.ml.Binarizer ai.onnx.ml.ArrayFeatureExtractor", decisions.decide),
    *_rows("Not And Or ai.onnx.ml.LabelEncoder", decisions.relabel),
    *_rows("ai.onnx.ml.ZipMap", decisions.zip_map),
])  # fmt: skip

# onnxruntime's own domain: not of the standard, and built into the runtime. No other operator of it is read.
MICROSOFT = "com.microsoft"

# What may come after a label.
AFTER_A_LABEL = {"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Gather"}

# Operators that are known and refused, with the reason.
_NO_NEURONS = (
    "it is no neural network and has no neurons; NIF measures networks. "
    "For this kind of model use a tool of its kind (SHAP for trees)"
)
_NOT_STANDARD = (
    "ONNX has no such operator, and no runtime takes it; tf2onnx writes it for the exact GELU of Keras: use "
    "keras.activations.gelu(x, approximate=True)"
)
_RANDOM = "its output is random: it is not deterministic"
REFUSED: dict[str, str] = {
    **dict.fromkeys(
        ("ai.onnx.ml.TreeEnsemble", "ai.onnx.ml.TreeEnsembleClassifier", "ai.onnx.ml.TreeEnsembleRegressor",
         "ai.onnx.ml.SVMClassifier", "ai.onnx.ml.SVMRegressor", "ai.onnx.ml.LinearClassifier",
         "ai.onnx.ml.LinearRegressor", "TfIdfVectorizer"), _NO_NEURONS),
    "Erfc": _NOT_STANDARD,
    **dict.fromkeys(
        ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli",
         "Multinomial"),
        _RANDOM),
}  # fmt: skip
