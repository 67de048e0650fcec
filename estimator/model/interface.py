"""What goes into a model and what it returns."""

import json
import math
from dataclasses import dataclass

import onnx

from estimator.errors import InvalidModel, Place, UnsupportedModel
from estimator.model.graph import Graph
from estimator.model.limits import ModelLimits
from estimator.model.places import LONGEST_SHOWN, beyond, invalid_tensor, shown, unsupported_tensor
from estimator.model.plan import ModelInput
from estimator.model.propagate import Flow
from estimator.model.values import Label, Signal

_TYPE = onnx.TensorProto
_NUMBERS: dict[int, str] = {
    _TYPE.FLOAT: "float32", _TYPE.DOUBLE: "float64", _TYPE.FLOAT16: "float16", _TYPE.INT64: "int64",
    _TYPE.INT32: "int32", _TYPE.INT16: "int16", _TYPE.INT8: "int8", _TYPE.UINT8: "uint8",
    _TYPE.UINT16: "uint16", _TYPE.UINT32: "uint32", _TYPE.UINT64: "uint64", _TYPE.BOOL: "bool",
}  # fmt: skip
_SCORES = (_TYPE.FLOAT, _TYPE.DOUBLE, _TYPE.FLOAT16, _TYPE.BFLOAT16, _TYPE.UNDEFINED)
INPUT_NAMES, OUTPUT_NAMES = "nif.inputs", "nif.outputs"


@dataclass(frozen=True)
class Head:
    """A tensor that the model returns as scores or values; names of its neurons where the model has them."""

    tensor: str
    names: tuple[str, ...] | None = None


def read_inputs(graph: Graph, limits: ModelLimits) -> tuple[ModelInput, ...]:
    """Each input as the data must fill it; the first axis is the rows'.

    Raises: UnsupportedModel for text, free widths and inputs without rows; InvalidModel; LimitExceeded.
    """
    if not graph.inputs:
        raise InvalidModel("the model has no input: what it returns is a constant")
    inputs = tuple(_input(proto) for proto in graph.inputs)
    width = sum(map(input_width, inputs))
    if width > limits.neurons:
        name = inputs[0].name[:LONGEST_SHOWN]
        raise beyond("neurons", "width of the model's input", width, limits.neurons, tensor=name)
    if len({i.shape[0] for i in inputs if i.shape[0] is not None}) > 1:
        raise unsupported_tensor(inputs[1].name, "its fixed number of rows differs from that of other inputs")
    return inputs


def input_width(given: ModelInput) -> int:
    """Columns of the data that fill an input."""
    return math.prod(size or 1 for size in given.shape[1:])


def _input(proto: onnx.ValueInfoProto) -> ModelInput:
    name = proto.name
    if proto.type.WhichOneof("value") != "tensor_type":
        raise unsupported_tensor(name, "an input that is no tensor; export the model with tensors as inputs")
    tensor = proto.type.tensor_type
    if tensor.elem_type == onnx.TensorProto.STRING:
        raise unsupported_tensor(
            name, "an input of text; encode text columns as numbers in the data and export the network alone"
        )
    if tensor.elem_type not in _NUMBERS:
        raise unsupported_tensor(name, f"an input of element type {tensor.elem_type}, which is not supported")
    if not tensor.HasField("shape") or not tensor.shape.dim:
        raise unsupported_tensor(name, "an input without a shape; export the model with [rows, columns]")
    # Some exporters write -1 for what is free.
    sizes = [d.dim_value if d.WhichOneof("value") == "dim_value" else None for d in tensor.shape.dim]
    shape = tuple(None if size == -1 else size for size in sizes)
    if any(size is not None and size <= 0 for size in shape) or math.prod(s or 1 for s in shape) >= 2**31:
        raise invalid_tensor(name, f"an input of shape {list(shape)}, which no data can fill")
    if len(shape) == 1 and shape[0] is not None:
        raise unsupported_tensor(name, f"an input of shape [{shape[0]}] has no axis for rows")
    if None in shape[1:]:
        raise unsupported_tensor(
            name,
            f"the input's shape is free in more than its rows (axis {shape.index(None, 1)}); "
            "export the model with the number of columns fixed",
        )
    return ModelInput(name, _NUMBERS[tensor.elem_type], shape)


def feature_names(
    metadata: dict[str, str], inputs: tuple[ModelInput, ...], limits: ModelLimits
) -> tuple[str, ...] | None:
    """The model's own names of its columns: metadata `nif.inputs`, or the inputs' where each is a column."""
    width = sum(map(input_width, inputs))
    if INPUT_NAMES in metadata:
        return _names(metadata, INPUT_NAMES, width, limits)
    if len(inputs) > 1 and all(input_width(i) == 1 for i in inputs):
        return tuple(i.name for i in inputs)
    return None


def read_heads(flow: Flow, metadata: dict[str, str], limits: ModelLimits) -> tuple[Head, ...]:
    """The tensors that count as what the model returns.

    1. Probabilities in a map (ZipMap) are the tensor that it was made of; labels are left out.
    2. Of outputs that are computed from each other, the last: probabilities, not the logits beside them.
    3. Where there are labels only, the scores that they were chosen by.
    """
    scores: dict[str, Head] = {}
    decided: dict[str, Head] = {}
    for output in flow.graph.outputs:
        value = flow.values[output.name]
        if isinstance(value, Signal):
            kind = scores if output.type.tensor_type.elem_type in _SCORES else decided
            kind[output.name] = Head(output.name)
        elif isinstance(value, Label):
            head = Head(value.scores, value.names)
            (scores if value.names else decided)[value.scores] = head
    heads = scores or decided
    if not heads:
        raise UnsupportedModel("nothing that the model returns depends on its inputs")
    leads_on: set[str] = set()  # tensors that some head is computed from
    for node in reversed(flow.graph.nodes):
        if any(name in heads or name in leads_on for name in node.output):
            leads_on.update(node.input)
    last = tuple(head for head in heads.values() if head.tensor not in leads_on)
    if OUTPUT_NAMES in metadata and len(last) == 1:
        signal = flow.signal(last[0].tensor)
        names = _names(metadata, OUTPUT_NAMES, signal.width if signal else 0, limits)
        return (Head(last[0].tensor, names),)
    return last


def _names(metadata: dict[str, str], key: str, width: int, limits: ModelLimits) -> tuple[str, ...]:
    def wrong(reason: str) -> InvalidModel:
        detail = f"the model's metadata {key} {reason}"
        return InvalidModel(detail, errors=[Place(detail, field=key)])

    try:
        names = json.loads(metadata[key])
    except (ValueError, RecursionError):
        raise wrong("is no JSON") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise wrong("is not a list of names")
    if len(names) != width:
        raise wrong(f"lists {len(names)} names, the model has {width}")
    if len(set(names)) != len(names):
        raise wrong(f"lists {shown(max(names, key=names.count))} twice")
    for name in names:
        try:
            size = len(name.encode())
        except UnicodeEncodeError:
            raise wrong("holds a lone surrogate, which is no character") from None
        if size > limits.name_length:
            raise beyond("name_length", f"length of a name in metadata {key}", size, limits.name_length)
        if "\0" in name or not name:
            raise wrong("holds an empty name" if not name else "holds a NUL character")
    return tuple(names)
