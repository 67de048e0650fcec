"""Activations of every layer on every row, by onnxruntime in a child process.

The values are written block by block to one file that is mapped here and has no name any more: memory is
bounded by the block, not by the number of rows, and a full disk is an error before the first row is run.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from estimator.model.inputs import InputSlice, batch_size, input_slices
from estimator.model.plan import ModelPlan, PlannedLayer
from estimator.model.unfold import unfold
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits
from estimator.runtime.private_folder import private_folder, taken_beforehand
from estimator.runtime.process import Task, run_child
from estimator.runtime.subgraph import keep_only

Floats = NDArray[np.float64]
COPIED_ROWS = 4096


def activations(
    model: bytes,
    plan: ModelPlan,
    inputs: Floats,
    *,
    limits: RunLimits | None = None,
    progress: Progress = silent,
) -> tuple[Floats, ...]:
    """One (n, size) array a layer of the plan, in order; the input layer is the data itself.

    inputs: (n, width), the columns of all input tensors side by side, finite.
    Raises UnsupportedModel, NotFinite (layer, neuron, first row), TimeLimit, MemoryLimit, ModelCrashed,
    StorageLimit, and what `progress` raises; nothing is left behind then.
    """
    limits = limits or RunLimits()
    rows = len(inputs)
    slices = {part.name: part for part in input_slices(plan)}
    computed = [layer for layer in plan.layers if layer.kind != "input"]
    offsets = np.cumsum([0, *(rows * layer.size for layer in computed)])
    with private_folder(limits.folder) as folder:
        taken_beforehand(folder / "activations.f8", 8 * max(1, int(offsets[-1])))
        store = np.memmap(folder / "activations.f8", dtype=np.float64, mode="r")
        (folder / "model.onnx").write_bytes(cut_down(model, computed))
        files = [f"input_{i}.npy" for i in range(len(slices))]
        arguments = {
            "rows": rows,
            "batch": batch_size(plan),
            "threads": limits.threads,
            "inputs": [{"name": name, "file": file} for name, file in zip(slices, files, strict=True)],
            "layers": [layer_arguments(layer, int(at)) for layer, at in zip(computed, offsets, strict=False)],
        }
        given = sum(rows * prod(part.row_shape) * part.dtype.itemsize for part in slices.values())
        task = Task("activations", arguments, mapped_bytes=given, file_bytes=store.nbytes)
        done = 0

        def tick(message: dict[str, Any] | None) -> None:
            nonlocal done
            if written.done():
                written.result()  # raises what stopped the writing, a full disk; the child is ended then
            if message is not None and isinstance(message.get("done"), int):
                done = max(done, min(rows, message["done"]))
            progress("activations", done, rows)

        stopped = Event()

        def write() -> None:
            for part, file in zip(slices.values(), files, strict=True):
                write_input(part, inputs, folder / file, stopped)

        # The child starts, which takes as long, while its inputs are written.
        with ThreadPoolExecutor(1) as writer:
            written = writer.submit(write)
            try:
                tick(None)
                if computed:
                    run_child(task, folder, limits, tick)
            finally:
                stopped.set()
    arrays = {
        layer.index: store[at : at + rows * layer.size].reshape(rows, layer.size)
        for layer, at in zip(computed, offsets, strict=False)
    }
    return tuple(arrays.get(layer.index, inputs) for layer in plan.layers)


def layer_arguments(layer: PlannedLayer, offset: int = 0) -> dict[str, Any]:
    """What the child must know of a layer; offset: of its values in the mapped file."""
    return {
        "name": layer.name,
        "tensor": layer.tensor,
        "size": layer.size,
        "neuron_axis": layer.neuron_axis,
        "row_axis": layer.row_axis,
        "head_axis": layer.head_axis,
        "neurons": layer.neurons,
        "offset": offset,
    }


def cut_down(model: bytes, layers: Sequence[PlannedLayer]) -> bytes:
    """The model as it was read, down to the layers' tensors: the child need not parse it."""
    whole = unfold(onnx.ModelProto.FromString(model))
    cut: bytes = keep_only(whole, list(dict.fromkeys(layer.tensor for layer in layers))).SerializeToString()
    return cut


def write_input(part: InputSlice, inputs: Floats, path: Path, stopped: Event | None = None) -> None:
    """Under another name until it is whole: the child waits for the name."""
    shape = (len(inputs), *part.row_shape)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(part.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(file, header)
        for start in range(0, len(inputs), COPIED_ROWS):
            if stopped is not None and stopped.is_set():
                return
            rows = inputs[start : start + COPIED_ROWS, part.start : part.stop]
            file.write(np.ascontiguousarray(rows, dtype=part.dtype).data)
    partial.rename(path)
