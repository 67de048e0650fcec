"""The table of operators: what becomes of a channel in each. One that is not in it cannot be taken apart."""

from estimator.pruning import sum_rules, through_rules
from estimator.pruning.effects import Blocked, Rule, blocked_by
from estimator.pruning.reshape_rule import relaid

__all__ = ["RULES", "Blocked", "blocked_by"]


def _rows(names: str, rule: Rule) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: dict[str, Rule] = {
    **_rows("Gemm", sum_rules.gemm),
    **_rows("MatMul", sum_rules.matmul),
    **_rows("Conv", sum_rules.convolution),
    **_rows("ConvTranspose", sum_rules.transposed_convolution),
    **_rows("Relu LeakyRelu PRelu ThresholdedRelu Elu Selu Celu Gelu Mish Softplus Softsign Sigmoid "
            "HardSigmoid HardSwish Swish Tanh Clip Shrink Erf Exp Log Sqrt Reciprocal Abs Sign Floor Ceil "
            "Round Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Pow Max Min Where Equal "
            "Add Sub Sum Mean Mul Div Neg", through_rules.elementwise),
    **_rows("Identity Cast Dropout", through_rules.identity),
    **_rows("QuantizeLinear DequantizeLinear", through_rules.quantisation),
    **_rows("BatchNormalization InstanceNormalization", through_rules.channel_norm),
    **_rows("MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool", through_rules.pool),
    **_rows("ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp",
            through_rules.reduction),
    **_rows("Transpose", through_rules.transpose),
    **_rows("Concat", through_rules.concat),
    **_rows("Slice Split", through_rules.pick),
    **_rows("Pad Resize Upsample", through_rules.pad_or_resize),
    **_rows("Reshape Flatten Squeeze Unsqueeze", relaid),
    **_rows("Shape", through_rules.shape_of),
}  # fmt: skip
