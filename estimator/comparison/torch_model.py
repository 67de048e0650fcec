"""The ONNX model's outputs as a torch function of its inputs, on the same weights, for its gradients.

1. The graph is written in doubles, in operators that onnx2pytorch has (`torch_ready.py`).
2. onnx2pytorch makes a torch module of it. (onnx2torch 1.5.15 was tried beside it: it has no ReduceMean 18,
   Reshape 19, Constant 19, Gelu 20 or Conv 22, which torch's own exporter writes; onnx2pytorch 0.6.0 brought
   all of those back to within 2e-7.)
3. What was brought back is believed only where it gives what the runtime gives (`check_same`); a difference
   is `unsupported`, not a slightly other model.

Runs in the isolated child: a model that asks for too much ends there.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnx2pytorch
import torch
from numpy.typing import NDArray

from estimator.comparison.torch_ready import torch_ready
from estimator.errors import Place, UnsupportedModel

Floats = NDArray[np.float64]
TOLERANCE = 1e-4  # of a value, and of 1: float32 in the runtime, float64 here
LEAVE_OUT = "leave integrated_gradients out of methods"


class TorchModel:
    """A call takes (m, p) features and gives (m, k): the output layers' neurons side by side, in double.

    inputs, layers: as `estimator.comparison.integrated_gradients` writes them for the child.
    batch: the number of rows that the model takes at once, where that is fixed.
    """

    def __init__(
        self,
        proto: onnx.ModelProto,
        inputs: Sequence[dict[str, Any]],
        layers: Sequence[dict[str, Any]],
        batch: int | None,
    ) -> None:
        """Raises UnsupportedModel, naming the node, for what onnx2pytorch does not convert."""
        self._inputs, self._layers, self._batch = inputs, layers, batch
        self._names = [value.name for value in proto.graph.input]
        self._tensors = [value.name for value in proto.graph.output]
        try:
            self._module = onnx2pytorch.ConvertModel(torch_ready(proto)).double().eval()
        except MemoryError:
            raise
        except Exception as error:
            raise _refused(proto.graph, error) from error

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        if self._batch is None:
            return self._at_once(features)
        parts = []
        for start in range(0, len(features), self._batch):
            part = features[start : start + self._batch]
            surplus = part[-1:].expand(self._batch - len(part), -1)
            parts.append(self._at_once(torch.cat([part, surplus]))[: len(part)])
        return torch.cat(parts)

    def _at_once(self, features: torch.Tensor) -> torch.Tensor:
        feeds = {
            given["name"]: features[:, given["start"] : given["stop"]].reshape(len(features), *given["shape"])
            for given in self._inputs
        }
        found = self._module(*(feeds[name] for name in self._names if name in feeds))
        tensors = [found] if len(self._tensors) == 1 else list(found)
        by_name = dict(zip(self._tensors, tensors, strict=True))
        return torch.cat([_neurons(layer, by_name[layer["tensor"]]) for layer in self._layers], dim=1)


def check_same(model: TorchModel, features: Floats, wanted: Floats) -> Floats:
    """(m, k) of the torch model on `features`. Raises UnsupportedModel where it is not `wanted`, the
    runtime's."""
    with torch.no_grad():
        try:
            found: Floats = model(torch.from_numpy(features)).numpy()
        except MemoryError:
            raise
        except Exception as error:
            raise UnsupportedModel(
                f"the model cannot be brought back for its gradients ({_words(error)}); {LEAVE_OUT}"
            ) from error
    apart = np.abs(found - wanted) / (1 + np.abs(wanted)) if found.shape == wanted.shape else np.array([1.0])
    if not apart.max(initial=0.0) <= TOLERANCE:
        raise UnsupportedModel(
            f"the model brought back for its gradients gives other values than the model itself (up to "
            f"{apart.max():.2g} apart, {TOLERANCE:g} is allowed); {LEAVE_OUT}"
        )
    return found


def _refused(graph: onnx.GraphProto, error: Exception) -> UnsupportedModel:
    said = str(error)
    named = [node for node in graph.node if re.search(rf"\b{re.escape(node.op_type)}\b", said)]
    if not named:
        return UnsupportedModel(
            f"the model cannot be brought back for its gradients ({_words(error)}); {LEAVE_OUT}"
        )
    node = named[0]
    detail = (
        f"Integrated Gradients cannot go through operator {node.op_type} (node "
        f"{node.name or node.output[0]!r}); {LEAVE_OUT}"
    )
    place = Place(detail, field="methods", node=node.name or None, operator=node.op_type)
    return UnsupportedModel(detail, errors=[place])


def _words(error: Exception) -> str:
    said = re.sub(r"\s+", " ", str(error)).strip()
    return f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__


def _neurons(layer: dict[str, Any], tensor: torch.Tensor) -> torch.Tensor:
    """(m, size) of a layer's tensor, as estimator/runtime/session.py reads it: the mean over other axes."""
    if tensor.ndim == 1:
        tensor = tensor[:, None]
    kept = [layer["row_axis"], layer["neuron_axis"]]
    if layer["head_axis"] is not None:
        kept.insert(1, layer["head_axis"])
    kept = [axis % tensor.ndim for axis in kept]
    others = [axis for axis in range(tensor.ndim) if axis not in kept]
    ordered = tensor.permute([*kept, *others])
    if others:
        ordered = ordered.mean(dim=tuple(range(len(kept), tensor.ndim)))
    return ordered.reshape(len(ordered), layer["size"])
