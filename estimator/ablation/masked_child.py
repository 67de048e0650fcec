"""Inside of the child: runs a model again and again, each time without other neurons, and scores it.

1. The model as it is runs on a few rows: the layers' tensors say of which type and shape the masks are.
2. Masks become inputs of the model (`masked_model.py`): one session serves all runs.
3. Each run goes over all rows in blocks; its score, and the outputs of the runs that are kept, are written
   to mapped files.
"""

import time
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from estimator.ablation.masked_model import Mask, with_masks
from estimator.errors import NotFinite, Place
from estimator.runtime.child import Say
from estimator.runtime.session import RowModel, when_written
from estimator.runtime.subgraph import keep_only
from estimator.scoring.truth import Truth

Floats = NDArray[np.float64]
BLOCK_VALUES = 2**22
MOST_ROWS_IN_BLOCK = 4096
TELL_SECONDS = 0.1


def run_masked(arguments: dict[str, Any], say: Say) -> None:
    """The task, as `estimator.ablation.masked_runs` writes its arguments."""
    layers, output = arguments["layers"], arguments["output"]
    feeds = {given["name"]: when_written(Path(given["file"])) for given in arguments["inputs"]}
    truth = _truth(arguments["truth"])
    proto = onnx.ModelProto.FromString(Path("model.onnx").read_bytes())
    seen = tensors_on_some_rows(proto, [layer["tensor"] for layer in layers], feeds, arguments["batch"])
    fills = [None if layer["fill"] is None else np.array(layer["fill"]) for layer in layers]
    masks = with_masks(proto, layers, seen, fills)
    model = RowModel([output], arguments["batch"], arguments["threads"], proto.SerializeToString())
    places, offsets = np.load("places.npy", mmap_mode="r"), np.load("offsets.npy")
    runs, kept_at = len(offsets) - 1, arguments["kept_at"]
    told = time.monotonic()
    with Path("outputs.f8").open("r+b") as file, Path("scores.f8").open("r+b") as scores:
        for run in range(runs):
            cut = places[offsets[run] : offsets[run + 1]]
            outputs = _outputs(model, feeds, _of_run(masks, cut), arguments)
            _check_finite(outputs, len(cut))
            if str(run) in kept_at:
                file.seek(8 * kept_at[str(run)])
                file.write(outputs.tobytes())
            scores.write(np.float64(truth.score(outputs)).tobytes())
            if run + 1 == runs or time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                say({"done": run + 1})


def _of_run(masks: list[Mask], cut: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """The mask of one row of each layer. cut: neurons numbered through the layers."""
    found, start = {}, 0
    for mask in masks:
        size = prod(mask.sizes)
        found[mask.name] = mask.of(cut[(cut >= start) & (cut < start + size)] - start)
        start += size
    return found


def tensors_on_some_rows(
    proto: onnx.ModelProto, names: list[str], feeds: dict[str, Any], batch: int | None
) -> dict[str, NDArray[Any]]:
    """The model's own values of these tensors on its first rows."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = onnxruntime.InferenceSession(
        keep_only(copy, wanted).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    taken = {given.name for given in session.get_inputs()}
    count = batch or 1
    some = {name: np.resize(array[:count], (count, *array.shape[1:])) for name, array in feeds.items()}
    found = session.run(wanted, {name: array for name, array in some.items() if name in taken})
    return dict(zip(wanted, found, strict=True))


def _truth(given: dict[str, Any]) -> Truth:
    labels = np.load("labels.npy")
    if given["metric"] == "rmse":
        return Truth(given["column"], "rmse", values=labels, output=given["output"])
    return Truth(given["column"], given["metric"], tuple(given["classes"]), codes=labels)


def _outputs(
    model: RowModel, feeds: dict[str, Any], masks: dict[str, NDArray[Any]], arguments: dict[str, Any]
) -> Floats:
    """(rows, k) of the output layer."""
    rows, size, batch = arguments["rows"], arguments["output"]["size"], arguments["batch"]
    values = sum(prod(array.shape[1:]) for array in feeds.values()) + sum(m.size for m in masks.values())
    block = max(1, min(MOST_ROWS_IN_BLOCK, BLOCK_VALUES // max(1, values)))
    block = block if batch is None else max(batch, block - block % batch)
    outputs = np.empty((rows, size))
    for start in range(0, rows, block):
        stop = min(rows, start + block)
        part = {name: array[start:stop] for name, array in feeds.items()}
        part |= {name: np.broadcast_to(one, (stop - start, *one.shape)) for name, one in masks.items()}
        outputs[start:stop] = model.run(part)[0]
    return outputs


def _check_finite(outputs: Floats, count: int) -> None:
    if np.isfinite(outputs).all():
        return
    row = int(np.argwhere(~np.isfinite(outputs))[0][0]) + 1
    detail = f"with {count} neurons cut, the model's output in row {row} is no finite number"
    raise NotFinite(detail, errors=[Place(detail, row=row)])
