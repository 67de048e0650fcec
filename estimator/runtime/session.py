"""Inside of the child: runs the model on the rows and writes each layer's activations to the mapped file.

1. The model is cut down to the layers' tensors and given to onnxruntime without graph optimisation, so that
   every intermediate value is the model's own. One thread: sums in one order.
2. Rows go through in blocks; a tensor's axes other than rows and neurons are averaged, and each value must
   be finite.
3. Some rows are run again in other company: a row's values may not depend on the other rows, or on chance.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from estimator.errors import MemoryLimit, NotFinite, Place, UnsupportedModel
from estimator.runtime.child import Say
from estimator.runtime.row_check import check_rows_stand_alone
from estimator.runtime.subgraph import keep_only

BLOCK_VALUES = 2**22
MOST_ROWS_IN_BLOCK = 4096

# Activations in the type that the model gives them in.
Values = NDArray[Any]


def compute_activations(arguments: dict[str, Any], say: Say) -> None:
    """The task, as `estimator.activations` writes its arguments."""
    rows: int = arguments["rows"]
    feeds = {given["name"]: np.load(given["file"], mmap_mode="r") for given in arguments["inputs"]}
    layers: list[dict[str, Any]] = arguments["layers"]
    if not layers:
        return
    store = np.memmap("activations.f8", dtype=np.float64, mode="r+")
    out = [
        store[layer["offset"] : layer["offset"] + rows * layer["size"]].reshape(rows, layer["size"])
        for layer in layers
    ]
    model = _Model(layers, arguments["batch"], arguments["threads"])
    block = _block_rows(feeds, layers, arguments["batch"])
    for start in range(0, rows, block):
        stop = min(start + block, rows)
        values = model.run({name: array[start:stop] for name, array in feeds.items()})
        for layer, into, computed in zip(layers, out, values, strict=True):
            _check_finite(layer, computed, start)
            into[start:stop] = computed
        if start == 0:
            check_rows_stand_alone(model.run, layers, feeds, [into[:stop] for into in out])
        say({"done": stop})


def _block_rows(feeds: dict[str, Any], layers: list[dict[str, Any]], batch: int | None) -> int:
    values: int = sum(int(np.prod(array.shape[1:])) for array in feeds.values())
    values += sum(layer["size"] for layer in layers)
    block = max(1, min(MOST_ROWS_IN_BLOCK, BLOCK_VALUES // values))
    return block if batch is None else int(max(batch, block - block % batch))


class _Model:
    """The session, and the shape of what it gives."""

    def __init__(self, layers: list[dict[str, Any]], batch: int | None, threads: int) -> None:
        self._layers, self._batch = layers, batch
        self._names = list(dict.fromkeys(layer["tensor"] for layer in layers))
        model = keep_only(onnx.load_model_from_string(Path("model.onnx").read_bytes()), self._names)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise _refused("the runtime does not take the model", error) from error
        self._taken = {given.name for given in self._session.get_inputs()}

    def run(self, feeds: dict[str, Any]) -> list[Values]:
        """One (rows, size) array a layer."""
        feeds = {name: array for name, array in feeds.items() if name in self._taken}
        rows = len(next(iter(feeds.values())))
        if self._batch is None:
            return self._at_once(feeds, rows)
        parts = []
        for start in range(0, rows, self._batch):
            part = {
                name: _padded(array[start : start + self._batch], self._batch)
                for name, array in feeds.items()
            }
            left = min(self._batch, rows - start)
            parts.append([values[:left] for values in self._at_once(part, self._batch)])
        return [np.concatenate(values) for values in zip(*parts, strict=True)]

    def _at_once(self, feeds: dict[str, Any], rows: int) -> list[Values]:
        try:
            given = self._session.run(
                self._names, {name: np.ascontiguousarray(a) for name, a in feeds.items()}
            )
        except MemoryError:
            raise
        except Exception as error:
            raise _refused("the runtime stopped while it ran the model", error) from error
        by_name = dict(zip(self._names, given, strict=True))
        return [_neurons(layer, by_name[layer["tensor"]], rows) for layer in self._layers]


def _padded(array: Any, rows: int) -> Any:
    """The last row is repeated up to the model's fixed number of rows; the surplus is cut off again."""
    return (
        array if len(array) == rows else np.concatenate([array, np.repeat(array[-1:], rows - len(array), 0)])
    )


def _neurons(layer: dict[str, Any], tensor: Any, rows: int) -> Values:
    """(rows, size) of a layer's tensor: the mean over all axes but those of rows and neurons."""
    if not isinstance(tensor, np.ndarray) or tensor.dtype.kind not in "fiub":
        detail = f"layer {layer['name']!r}: the tensor {layer['tensor']!r} holds no numbers"
        raise UnsupportedModel(detail, errors=[Place(detail, tensor=layer["tensor"])])
    if tensor.ndim == 1:
        tensor = tensor[:, None]
    axes = tensor.ndim
    row_axis, axis = layer["row_axis"] % max(axes, 1), layer["neuron_axis"] % max(axes, 1)
    if row_axis == axis or tensor.shape[row_axis] != rows or tensor.shape[axis] != layer["size"]:
        detail = (
            f"layer {layer['name']!r}: the tensor {layer['tensor']!r} has the shape {tensor.shape} for "
            f"{rows} rows; axis {row_axis} must be the rows and axis {axis} the {layer['size']} neurons"
        )
        raise UnsupportedModel(detail, errors=[Place(detail, tensor=layer["tensor"])])
    others = tuple(a for a in range(axes) if a not in (row_axis, axis))
    values: Values = tensor.mean(axis=others, dtype=np.float64) if others else tensor
    return values if row_axis < axis else values.T


def _check_finite(layer: dict[str, Any], values: Values, start: int) -> None:
    finite = np.isfinite(values)
    if finite.all():
        return
    row, neuron = (int(i) for i in np.argwhere(~finite)[0])
    detail = (
        f"layer {layer['name']!r}, neuron {layer['neurons'][neuron]!r} is {values[row, neuron]} in row "
        f"{start + row + 1}; the model must give finite numbers on every row"
    )
    raise NotFinite(detail, errors=[Place(detail, row=start + row + 1, tensor=layer["tensor"])])


def _refused(what: str, error: Exception) -> UnsupportedModel | MemoryLimit:
    said = str(error)
    if any(words in said for words in ("bad_alloc", "bad allocation", "Failed to allocate memory")):
        return MemoryLimit("the model asks for more memory than it may have")
    said = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : |(/[\w.+-]+)+(:\d+)?", "", said)  # and source paths
    said = re.sub(r"\s+", " ", said).strip()
    return UnsupportedModel(f"{what}: {said[:300]}")
