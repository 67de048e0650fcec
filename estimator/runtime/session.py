"""Inside of the child: runs the model on the rows and writes each layer's activations to the mapped file.

1. The model, cut down to the layers' tensors, is given to onnxruntime without graph optimisation, so that
   every intermediate value is the model's own. One thread: sums in one order.
2. Rows go through in blocks; a tensor's axes other than rows and neurons are averaged, and each value must
   be finite.
3. Some rows are run again in other company: a row's values may not depend on the other rows, or on chance.
4. A block is written while the next one is computed.
"""

import os
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from estimator.errors import MemoryLimit, NotFinite, Place, UnsupportedModel
from estimator.runtime.child import Say
from estimator.runtime.row_check import check_rows_stand_alone

BLOCK_VALUES = 2**22
MOST_ROWS_IN_BLOCK = 4096
WAIT_SECONDS = 0.002

# Activations in the type that the model gives them in.
Values = NDArray[Any]


def compute_activations(arguments: dict[str, Any], say: Say) -> None:
    """The task, as `estimator.activations` writes its arguments."""
    rows: int = arguments["rows"]
    layers: list[dict[str, Any]] = arguments["layers"]
    model = RowModel(layers, arguments["batch"], arguments["threads"])
    feeds = {given["name"]: when_written(Path(given["file"])) for given in arguments["inputs"]}
    block = _block_rows(feeds, layers, arguments["batch"])
    with Path("activations.f8").open("r+b") as store, ThreadPoolExecutor(1) as writer:
        before: Future[None] | None = None
        for start in range(0, rows, block):
            stop = min(start + block, rows)
            values = model.run({name: array[start:stop] for name, array in feeds.items()})
            if start == 0:
                # First of all: NaN differs from itself, and would look like chance.
                for layer, computed in zip(layers, values, strict=True):
                    _check_finite(layer, computed, start)
                check_rows_stand_alone(model.run, layers, feeds, [v.astype(np.float64) for v in values])
            if before is not None:
                before.result()
                say({"done": start})
            before = writer.submit(_write, store.fileno(), layers, values, start)
        if before is not None:
            before.result()
    say({"done": rows})


def when_written(path: Path) -> Values:
    while not path.exists():  # its name comes when it is whole; the parent ends us if it never does
        time.sleep(WAIT_SECONDS)
    array: Values = np.load(path, mmap_mode="r")
    return array


def _write(store: int, layers: list[dict[str, Any]], values: list[Values], start: int) -> None:
    for layer, computed in zip(layers, values, strict=True):
        _check_finite(layer, computed, start)
        left = np.ascontiguousarray(computed, np.float64).data.cast("B")
        at = 8 * (layer["offset"] + start * layer["size"])
        while left:
            count = os.pwrite(store, left, at)
            left, at = left[count:], at + count


def _block_rows(feeds: dict[str, Any], layers: list[dict[str, Any]], batch: int | None) -> int:
    values: int = sum(int(np.prod(array.shape[1:])) for array in feeds.values())
    values += sum(layer["size"] for layer in layers)
    block = max(1, min(MOST_ROWS_IN_BLOCK, BLOCK_VALUES // values))
    return block if batch is None else int(max(batch, block - block % batch))


class RowModel:
    """The session of a model, the child's model.onnx unless other bytes are given, and the shape of what it
    gives."""

    def __init__(
        self, layers: list[dict[str, Any]], batch: int | None, threads: int, model: bytes | None = None
    ) -> None:
        self._layers, self._batch = layers, batch
        self._names = list(dict.fromkeys(layer["tensor"] for layer in layers))
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                model or Path("model.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
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
    axes, rank = [layer["row_axis"], layer["neuron_axis"]], tensor.ndim
    if layer["head_axis"] is not None:
        axes.insert(1, layer["head_axis"])
    shape = [tensor.shape[axis] if -rank <= axis < rank else -1 for axis in axes]
    axes = [axis % rank for axis in axes]
    if len(set(axes)) < len(axes) or shape[0] != rows or prod(shape[1:]) != layer["size"]:
        detail = (
            f"layer {layer['name']!r}: the tensor {layer['tensor']!r} has the shape {tensor.shape} for "
            f"{rows} rows; axis {axes[0]} must be the rows and axis {axes[-1]} the {layer['size']} neurons"
        )
        raise UnsupportedModel(detail, errors=[Place(detail, tensor=layer["tensor"])])
    others = [axis for axis in range(rank) if axis not in axes]
    ordered = tensor.transpose([*axes, *others])
    values: Values = ordered.mean(axis=tuple(range(len(axes), rank)), dtype=np.float64) if others else ordered
    return values.reshape(rows, layer["size"])


def _check_finite(layer: dict[str, Any], values: Values, start: int) -> None:
    if values.dtype.kind != "f" or np.isfinite(values.sum(dtype=np.float64)):
        return  # a sum of numbers that are not all finite is not finite
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
