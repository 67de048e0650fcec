"""Activations of every layer on every row, by onnxruntime in a child process.

The values are written block by block to one file that is mapped here and has no name any more: memory is
bounded by the block, not by the number of rows, and a full disk is an error before the first row is run.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.model.inputs import InputSlice, batch_size, input_slices
from estimator.model.plan import ModelPlan, PlannedLayer
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits
from estimator.runtime.private_folder import private_folder, taken_beforehand
from estimator.runtime.process import Task, run_child

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
        store = np.memmap(folder / "activations.f8", dtype=np.float64, mode="r+")
        (folder / "model.onnx").write_bytes(model)
        files = [
            _write_input(part, inputs, folder / f"input_{i}.npy") for i, part in enumerate(slices.values())
        ]
        arguments = {
            "rows": rows,
            "batch": batch_size(plan),
            "threads": limits.threads,
            "inputs": [{"name": name, "file": path.name} for name, path in zip(slices, files, strict=True)],
            "layers": [_layer(layer, int(at)) for layer, at in zip(computed, offsets, strict=False)],
        }
        mapped = store.nbytes + sum(path.stat().st_size for path in files)
        done = 0

        def tick(message: dict[str, Any] | None) -> None:
            nonlocal done
            if message is not None and isinstance(message.get("done"), int):
                done = max(done, min(rows, message["done"]))
            progress("activations", done, rows)

        tick(None)
        if computed:
            run_child(Task("activations", arguments, mapped), folder, limits, tick)
    arrays = {
        layer.index: store[at : at + rows * layer.size].reshape(rows, layer.size)
        for layer, at in zip(computed, offsets, strict=False)
    }
    return tuple(arrays.get(layer.index, inputs) for layer in plan.layers)


def _layer(layer: PlannedLayer, offset: int) -> dict[str, Any]:
    return {
        "name": layer.name,
        "tensor": layer.tensor,
        "size": layer.size,
        "neuron_axis": layer.neuron_axis,
        "row_axis": layer.row_axis,
        "neurons": layer.neurons,
        "offset": offset,
    }


def _write_input(part: InputSlice, inputs: Floats, path: Path) -> Path:
    shape = (len(inputs), *part.row_shape)
    with path.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(part.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(file, header)
        for start in range(0, len(inputs), COPIED_ROWS):
            rows = inputs[start : start + COPIED_ROWS, part.start : part.stop]
            file.write(np.ascontiguousarray(rows, dtype=part.dtype).data)
    return path
