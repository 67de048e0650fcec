"""An ONNX graph made ready for onnx2pytorch: all floats are float64, and operators are those that it has.

Gradients are summed over many points, and their completeness is checked to a thousandth: float32 would show.
"""

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

NORMS = ("LayerNormalization", "RMSNormalization", "GroupNormalization")
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)


def torch_ready(proto: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model that computes the same."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    for tensor in copy.graph.initializer:
        _widen(tensor)
    for value in copy.graph.input:
        if value.type.tensor_type.elem_type in FLOATS:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    _name_weights_directly(copy.graph)
    nodes = [new for node in copy.graph.node for new in _rewritten(node, copy.graph)]
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    return copy


def _name_weights_directly(graph: onnx.GraphProto) -> None:
    """torch's older exporter shares equal weights through Identity, where onnx2pytorch takes no weights."""
    known = {tensor.name: tensor.name for tensor in graph.initializer}
    outputs = {value.name for value in graph.output}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in known and node.output[0] not in outputs:
            known[node.output[0]] = known[node.input[0]]
        node.input[:] = [known.get(name, name) for name in node.input]


def _rewritten(node: onnx.NodeProto, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    if node.op_type == "Scaler":
        return _scaler(node, graph)
    kept = []
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.TENSOR:
            _widen(attribute.t)
        elif node.op_type == "Cast" and attribute.name == "to" and attribute.i in FLOATS:
            attribute.i = TensorProto.DOUBLE
        elif node.op_type == "Constant" and attribute.name in ("value_float", "value_floats"):
            numbers = np.array(onnx.helper.get_attribute_value(attribute), dtype=np.float64)
            attribute.CopyFrom(onnx.helper.make_attribute("value", numpy_helper.from_array(numbers)))
        # training_mode is 0, for the model was read; stash_type is the type that a norm is computed in.
        if attribute.name not in ("training_mode", "stash_type"):
            kept.append(attribute)
    if node.op_type in NORMS:
        kept.append(onnx.helper.make_attribute("stash_type", TensorProto.DOUBLE))
    new = onnx.NodeProto()
    new.CopyFrom(node)
    del new.attribute[:]
    new.attribute.extend(kept)
    return [new]


def _scaler(node: onnx.NodeProto, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """(x - offset) * scale, by the standard of ai.onnx.ml."""
    given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    name = node.output[0]
    for part, neutral in (("offset", 0.0), ("scale", 1.0)):
        numbers = np.array(given.get(part, neutral), dtype=np.float64)
        graph.initializer.append(numpy_helper.from_array(numbers, f"{name}/{part}"))
    return [
        onnx.helper.make_node("Sub", [node.input[0], f"{name}/offset"], [f"{name}/centred"]),
        onnx.helper.make_node("Mul", [f"{name}/centred", f"{name}/scale"], [name]),
    ]


def _widen(tensor: onnx.TensorProto) -> None:
    if tensor.data_type in FLOATS:
        wide = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
