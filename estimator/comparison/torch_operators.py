"""ONNX operators as torch functions, with the gradients that Integrated Gradients needs.

One row an operator: `(inputs, attributes, opset) -> output`. An input that is left out is None. Shapes and
axes are constants by then: the model's reader has worked them out, or refused the model.
Meaning of each operator: the ONNX standard, https://onnx.ai/onnx/operators/.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch.nn import functional

Tensor = torch.Tensor
Operator = Callable[[Sequence[Any], Mapping[str, Any], int], Tensor]


def _gemm(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    left = x[0].T if a.get("transA", 0) else x[0]
    right = x[1].T if a.get("transB", 0) else x[1]
    product: Tensor = a.get("alpha", 1.0) * (left @ right)
    return product if len(x) < 3 or x[2] is None else product + a.get("beta", 1.0) * x[2]


def _softmax(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    return _along(functional.softmax, x[0], a, opset)


def _log_softmax(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    return _along(functional.log_softmax, x[0], a, opset)


def _along(function: Callable[..., Tensor], x: Tensor, a: Mapping[str, Any], opset: int) -> Tensor:
    """Before operator set 13 all axes from `axis` on were one."""
    if opset >= 13:
        return function(x, dim=a.get("axis", -1))
    axis = a.get("axis", 1) % max(1, x.ndim)
    return function(x.flatten(axis), dim=-1).reshape(x.shape)


def _clip(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    low = x[1] if len(x) > 1 and x[1] is not None else a.get("min")
    high = x[2] if len(x) > 2 and x[2] is not None else a.get("max")
    if low is None and high is None:
        return x[0]  # type: ignore[no-any-return]
    return torch.clamp(x[0], low, high)


def _reshape(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    sizes = x[1].tolist()
    if not a.get("allowzero", 0):
        sizes = [x[0].shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    return torch.reshape(x[0], sizes)


def _flatten(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    axis = a.get("axis", 1)
    lead = 1
    for size in x[0].shape[:axis]:
        lead *= size
    return torch.reshape(x[0], (lead, -1))


def _axes(x: Sequence[Any], a: Mapping[str, Any]) -> list[int] | None:
    axes = x[1].tolist() if len(x) > 1 and x[1] is not None else a.get("axes")
    return None if axes is None else list(axes)


def _squeeze(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    axes = _axes(x, a)
    return torch.squeeze(x[0]) if axes is None else torch.squeeze(x[0], tuple(axes))


def _unsqueeze(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    axes, value = _axes(x, a) or [], x[0]
    rank = value.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        value = value.unsqueeze(axis)
    return value  # type: ignore[no-any-return]


def _transpose(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    return torch.permute(x[0], tuple(a.get("perm", range(x[0].ndim - 1, -1, -1))))


def _reduce_mean(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    axes = _axes(x, a)
    keep = bool(a.get("keepdims", 1))
    return torch.mean(x[0], tuple(range(x[0].ndim)) if axes is None else tuple(axes), keepdim=keep)


def _batch_normalization(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    value, scale, bias, mean, variance = x[:5]
    return functional.batch_norm(value, mean, variance, scale, bias, False, 0.0, a.get("epsilon", 1e-5))


def _layer_normalization(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    shape = x[0].shape[a.get("axis", -1) :]
    bias = x[2] if len(x) > 2 else None
    normal: Tensor = functional.layer_norm(x[0], shape, None, None, a.get("epsilon", 1e-5)) * x[1]
    return normal if bias is None else normal + bias


def _conv(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    value, weight = x[0], x[1]
    rank = weight.ndim - 2
    convolve = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}[rank]
    convolved: Tensor = convolve(
        _padded(value, a, rank, 0.0),
        weight,
        x[2] if len(x) > 2 else None,
        stride=tuple(a.get("strides", [1] * rank)),
        dilation=tuple(a.get("dilations", [1] * rank)),
        groups=a.get("group", 1),
    )
    return convolved


def _max_pool(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    size = tuple(a["kernel_shape"])
    pool = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}[len(size)]
    padded = _padded(x[0], a, len(size), float("-inf"))
    strides = tuple(a.get("strides", [1] * len(size)))
    dilations = tuple(a.get("dilations", [1] * len(size)))
    return pool(padded, size, strides, dilation=dilations)


def _average_pool(x: Sequence[Any], a: Mapping[str, Any], opset: int) -> Tensor:
    size = tuple(a["kernel_shape"])
    pool = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}[len(size)]
    strides = tuple(a.get("strides", [1] * len(size)))
    if any(a.get("pads", [])) and not a.get("count_include_pad", 0):
        counted = pool(_padded(torch.ones_like(x[0]), a, len(size), 0.0), size, strides)
        return pool(_padded(x[0], a, len(size), 0.0), size, strides) / counted
    return pool(_padded(x[0], a, len(size), 0.0), size, strides)


def _padded(value: Tensor, a: Mapping[str, Any], rank: int, fill: float) -> Tensor:
    """ONNX gives all beginnings, then all ends; torch pairs of both, from the last axis on."""
    if a.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or a.get("ceil_mode", 0):
        raise NotImplementedError("automatic padding or rounding up")
    pads = list(a.get("pads", [0] * 2 * rank))
    pairs = [p for axis in reversed(range(rank)) for p in (pads[axis], pads[rank + axis])]
    return functional.pad(value, pairs, value=fill) if any(pads) else value


def _spatial(value: Tensor) -> tuple[int, ...]:
    return tuple(range(2, value.ndim))


OPERATORS: dict[str, Operator] = {
    "Abs": lambda x, a, v: torch.abs(x[0]),
    "Add": lambda x, a, v: x[0] + x[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Celu": lambda x, a, v: functional.celu(x[0], a.get("alpha", 1.0)),
    "Clip": _clip,
    "Concat": lambda x, a, v: torch.cat(list(x), a["axis"]),
    "Conv": _conv,
    "Div": lambda x, a, v: x[0] / x[1],
    "Dropout": lambda x, a, v: x[0],
    "Elu": lambda x, a, v: functional.elu(x[0], a.get("alpha", 1.0)),
    "Erf": lambda x, a, v: torch.erf(x[0]),
    "Exp": lambda x, a, v: torch.exp(x[0]),
    "Flatten": _flatten,
    "Gelu": lambda x, a, v: functional.gelu(x[0], approximate=a.get("approximate", "none")),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x, a, v: torch.mean(x[0], _spatial(x[0]), keepdim=True),
    "GlobalMaxPool": lambda x, a, v: torch.amax(x[0], _spatial(x[0]), keepdim=True),
    "HardSigmoid": lambda x, a, v: torch.clamp(a.get("alpha", 0.2) * x[0] + a.get("beta", 0.5), 0, 1),
    "HardSwish": lambda x, a, v: functional.hardswish(x[0]),
    "Identity": lambda x, a, v: x[0],
    "LayerNormalization": _layer_normalization,
    "LeakyRelu": lambda x, a, v: functional.leaky_relu(x[0], a.get("alpha", 0.01)),
    "Log": lambda x, a, v: torch.log(x[0]),
    "LogSoftmax": _log_softmax,
    "MatMul": lambda x, a, v: x[0] @ x[1],
    "MaxPool": _max_pool,
    "Mish": lambda x, a, v: functional.mish(x[0]),
    "Mul": lambda x, a, v: x[0] * x[1],
    "Neg": lambda x, a, v: -x[0],
    "PRelu": lambda x, a, v: torch.where(x[0] < 0, x[1] * x[0], x[0]),
    "Pow": lambda x, a, v: torch.pow(x[0], x[1]),
    "Reciprocal": lambda x, a, v: 1 / x[0],
    "ReduceMean": _reduce_mean,
    "Relu": lambda x, a, v: torch.relu(x[0]),
    "Reshape": _reshape,
    "Selu": lambda x, a, v: functional.selu(x[0]),
    "Sigmoid": lambda x, a, v: torch.sigmoid(x[0]),
    "Softmax": _softmax,
    "Softplus": lambda x, a, v: functional.softplus(x[0]),
    "Softsign": lambda x, a, v: functional.softsign(x[0]),
    "Sqrt": lambda x, a, v: torch.sqrt(x[0]),
    "Squeeze": _squeeze,
    "Sub": lambda x, a, v: x[0] - x[1],
    "Sum": lambda x, a, v: reduce(torch.add, x),
    "Tanh": lambda x, a, v: torch.tanh(x[0]),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
