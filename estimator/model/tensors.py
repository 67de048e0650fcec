"""Tensors stored in a model: what they claim against the bytes that are there."""

import math

import numpy as np
import onnx

from estimator.model.limits import ModelLimits
from estimator.model.places import LONGEST_SHOWN, beyond, invalid_tensor, shown, unsupported_tensor

_TYPE = onnx.TensorProto
# Bits of an element as they lie in raw_data.
_BITS: dict[int, int] = {
    _TYPE.FLOAT: 32, _TYPE.UINT8: 8, _TYPE.INT8: 8, _TYPE.UINT16: 16, _TYPE.INT16: 16, _TYPE.INT32: 32,
    _TYPE.INT64: 64, _TYPE.BOOL: 8, _TYPE.FLOAT16: 16, _TYPE.DOUBLE: 64, _TYPE.UINT32: 32, _TYPE.UINT64: 64,
    _TYPE.BFLOAT16: 16, _TYPE.FLOAT8E4M3FN: 8, _TYPE.FLOAT8E4M3FNUZ: 8, _TYPE.FLOAT8E5M2: 8,
    _TYPE.FLOAT8E5M2FNUZ: 8, _TYPE.UINT4: 4, _TYPE.INT4: 4,
}  # fmt: skip
# The typed field that holds the elements where raw_data doesn't; all other types use int32_data.
_FIELDS: dict[int, str] = {
    _TYPE.FLOAT: "float_data", _TYPE.DOUBLE: "double_data", _TYPE.INT64: "int64_data",
    _TYPE.UINT64: "uint64_data", _TYPE.UINT32: "uint64_data", _TYPE.STRING: "string_data",
}  # fmt: skip
_TYPED = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")
_CHUNK = 2**22


def bits_of(kind: int) -> int | None:
    """Bits of an element of this type as they lie in raw_data; None for text and types that are unknown."""
    return _BITS.get(kind)


def check_stored_inside(name: str, tensor: onnx.TensorProto) -> None:
    """Refuse external data: a path in an upload is never opened."""
    if tensor.data_location == _TYPE.EXTERNAL or tensor.external_data:
        raise invalid_tensor(
            name,
            "it is kept as external data, outside the file, and the data file was not given with the model: "
            "give both, or save the model with its weights inside (torch.onnx.export(..., "
            "external_data=False), onnx.save(..., save_as_external_data=False))",
        )


def check_size(name: str, tensor: onnx.TensorProto, limits: ModelLimits) -> None:
    """Hold dims against the bytes that are there. Python's integers: no product wraps round."""
    dims = list(tensor.dims)
    if any(d < 0 for d in dims):
        raise invalid_tensor(name, f"negative dimension in {_listed(dims)}")
    if 0 in dims and len(dims) > 1:
        raise invalid_tensor(name, f"a dimension of 0 in {_listed(dims)}: it holds no number")
    if tensor.HasField("segment"):
        raise unsupported_tensor(name, "it is split into segments; save the model whole")
    kind, elements = tensor.data_type, math.prod(dims)
    fields = [field for field in _TYPED if getattr(tensor, field)]
    if len(fields) + bool(tensor.raw_data) > 1:
        raise invalid_tensor(name, f"its numbers are there twice, in {fields[0]} and elsewhere")
    if kind != _TYPE.STRING and kind not in _BITS:
        raise unsupported_tensor(name, f"elements of type {kind}, which is not supported")
    if tensor.raw_data:
        needed = -(-elements * _BITS[kind] // 8) if kind in _BITS else -1
        present = len(tensor.raw_data)
        unit = "bytes"
    else:
        field = _FIELDS.get(kind, "int32_data")
        if fields and fields[0] != field:
            raise invalid_tensor(name, f"its elements of type {kind} are in {fields[0]}, not in {field}")
        present, unit = len(getattr(tensor, field)), "elements"
        needed = -(-elements * _BITS[kind] // 8) if kind in (_TYPE.UINT4, _TYPE.INT4) else elements
    if needed != present:
        raise invalid_tensor(
            name, f"dims {_listed(dims)} claim {needed:,} {unit}, the file holds {present:,} of them"
        )
    if elements > limits.elements:
        raise beyond("elements", f"elements of tensor {shown(name)}", elements, limits.elements,
                     tensor=name[:LONGEST_SHOWN])  # fmt: skip


def not_finite(tensor: onnx.TensorProto, *, mask: bool = False) -> int:
    """How many elements are NaN or infinite; 0 for types that have neither.

    mask: -inf is no weight but a place that attention must not see.
    An infinite scalar is let through: exporters spell bounds (Clip) and masks by it, and no weight is one.
    """
    kind, raw = tensor.data_type, tensor.raw_data
    if kind == _TYPE.FLOAT:
        values = np.frombuffer(raw, "<f4") if raw else np.array(tensor.float_data, np.float32)
    elif kind == _TYPE.DOUBLE:
        values = np.frombuffer(raw, "<f8") if raw else np.array(tensor.double_data, np.float64)
    elif kind in (_TYPE.FLOAT16, _TYPE.BFLOAT16):
        bits = np.frombuffer(raw, "<u2") if raw else np.array(tensor.int32_data).astype(np.uint16)
        # A bfloat16 is the upper half of a float32.
        values = bits.view(np.float16) if kind == _TYPE.FLOAT16 else bits.astype(np.uint32) << 16
        values = values if kind == _TYPE.FLOAT16 else values.view(np.float32)
    else:
        return 0
    if not tensor.dims:
        return int(np.count_nonzero(np.isnan(values)))
    pieces = (values[i : i + _CHUNK] for i in range(0, len(values), _CHUNK))
    return sum(
        int(piece.size - np.count_nonzero(np.isfinite(piece) | (mask & (piece == -np.inf))))
        for piece in pieces
    )


def _listed(dims: list[int]) -> str:
    return "[" + ", ".join(map(str, dims[:8])) + (", ...]" if len(dims) > 8 else "]")


def small_integers(tensor: onnx.TensorProto) -> tuple[int, ...] | None:
    """The values of a tensor of at most 64 whole numbers (a shape, axes, a zero point), None for others.

    Floats count where they are whole, too: exporters write scales so.
    """
    formats: dict[int, str] = {
        _TYPE.INT64: "<i8", _TYPE.INT32: "<i4", _TYPE.BOOL: "?", _TYPE.INT8: "<i1", _TYPE.UINT8: "<u1",
        _TYPE.FLOAT: "<f4",
    }  # fmt: skip
    if tensor.data_type not in formats or math.prod(tensor.dims) > 64:
        return None
    if tensor.raw_data:
        values = np.frombuffer(tensor.raw_data, formats[tensor.data_type]).tolist()
    else:
        values = list(getattr(tensor, _FIELDS.get(tensor.data_type, "int32_data")))
    if not all(abs(v) <= 2**63 and v == int(v) for v in values if not math.isinf(v)) or math.inf in values:
        return None
    return tuple(int(v) for v in values) if -math.inf not in values else None
