"""The ONNX model's outputs as a torch function of its inputs, on the same weights.

1. The graph is cut down to the outputs, and each node becomes a row of `torch_operators.py`; weights and
   inputs are doubles. A Cast between floats passes its input through; integers stay constants.
2. What was brought back is believed only where it gives what the runtime gave, on every row that is
   explained; a difference is `unsupported`, not a slightly other model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from estimator.activations import cut_down
from estimator.comparison.subject import Subject
from estimator.comparison.torch_operators import OPERATORS
from estimator.errors import Place, UnsupportedModel
from estimator.model.inputs import InputSlice, input_slices
from estimator.model.plan import PlannedLayer

TOLERANCE = 1e-4  # of a value, and of 1: float32 in the runtime, float64 here
LEAVE_OUT = "leave integrated_gradients out of methods"
_ELSE = ("Cast", "Constant")


@dataclass(frozen=True)
class TorchModel:
    """A call takes (m, p) features and gives (m, k) outputs, the columns of a `Subject`, in double."""

    graph: onnx.GraphProto
    opset: int
    constants: Mapping[str, torch.Tensor]
    slices: tuple[InputSlice, ...]
    heads: tuple[PlannedLayer, ...]

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        values: dict[str, Any] = dict(self.constants)
        for part in self.slices:
            columns = features[:, part.start : part.stop]
            values[part.name] = columns.reshape(len(features), *part.row_shape)
        for node in self.graph.node:
            inputs = [values[name] if name else None for name in node.input]
            values[node.output[0]] = _step(node, inputs, self.opset)
        return torch.cat([_neurons(layer, values[layer.tensor]) for layer in self.heads], dim=1)


def torch_model(subject: Subject, rows: NDArray[np.int64]) -> TorchModel:
    """Raises UnsupportedModel, naming the node, for what is not in the table, and for a model that gives
    other values than the runtime on `rows`."""
    proto = onnx.ModelProto.FromString(cut_down(subject.model, subject.heads.layers))
    _check_known(proto.graph)
    constants = {
        tensor.name: _doubles(onnx.numpy_helper.to_array(tensor)) for tensor in proto.graph.initializer
    }
    model = TorchModel(
        proto.graph, subject.plan.opset, constants, input_slices(subject.plan), subject.heads.layers
    )
    with torch.no_grad():
        try:
            found = model(torch.from_numpy(np.ascontiguousarray(subject.inputs[rows]))).numpy()
        except (RuntimeError, IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnsupportedModel(
                f"the model cannot be brought back for its gradients ({type(error).__name__}); {LEAVE_OUT}"
            ) from error
    wanted = subject.outputs[rows]
    apart = np.abs(found - wanted) / (1 + np.abs(wanted)) if found.shape == wanted.shape else np.array([1.0])
    if not apart.max(initial=0.0) <= TOLERANCE:
        raise UnsupportedModel(
            f"the model brought back for its gradients gives other values than the model itself (up to "
            f"{apart.max():.2g} apart, {TOLERANCE:g} is allowed); {LEAVE_OUT}"
        )
    return model


def _check_known(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        known = node.domain in ("", "ai.onnx") and (node.op_type in OPERATORS or node.op_type in _ELSE)
        if not known or any(node.output[1:]):
            detail = (
                f"Integrated Gradients cannot go through operator {node.op_type} (node "
                f"{node.name or node.output[0]!r}); {LEAVE_OUT}"
            )
            place = Place(detail, field="methods", node=node.name or None, operator=node.op_type)
            raise UnsupportedModel(detail, errors=[place])


def _step(node: onnx.NodeProto, inputs: list[Any], opset: int) -> torch.Tensor:
    attributes = {a.name: _plain(onnx.helper.get_attribute_value(a)) for a in node.attribute}
    if node.op_type == "Constant":
        return _constant(attributes)
    if node.op_type == "Cast":
        return inputs[0]  # type: ignore[no-any-return]
    try:
        return OPERATORS[node.op_type](inputs, attributes, opset)
    except (KeyError, NotImplementedError) as error:
        detail = f"Integrated Gradients cannot go through this {node.op_type} ({error}); {LEAVE_OUT}"
        place = Place(detail, field="methods", node=node.name or None, operator=node.op_type)
        raise UnsupportedModel(detail, errors=[place]) from error


def _constant(attributes: dict[str, Any]) -> torch.Tensor:
    if "value" in attributes:
        return _doubles(onnx.numpy_helper.to_array(attributes["value"]))
    return _doubles(np.array(next(iter(attributes.values()))))


def _doubles(array: NDArray[Any]) -> torch.Tensor:
    kind = np.float64 if array.dtype.kind not in "iub" else array.dtype
    return torch.from_numpy(np.array(array, dtype=kind))


def _plain(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _neurons(layer: PlannedLayer, tensor: torch.Tensor) -> torch.Tensor:
    """(m, size) of a layer's tensor, as estimator/runtime/session.py reads it: the mean over other axes."""
    if tensor.ndim == 1:
        tensor = tensor[:, None]
    kept = [layer.row_axis, layer.neuron_axis]
    if layer.head_axis is not None:
        kept.insert(1, layer.head_axis)
    kept = [axis % tensor.ndim for axis in kept]
    others = [axis for axis in range(tensor.ndim) if axis not in kept]
    ordered = tensor.permute([*kept, *others])
    if others:
        ordered = ordered.mean(dim=tuple(range(len(kept), tensor.ndim)))
    return ordered.reshape(len(ordered), layer.size)
