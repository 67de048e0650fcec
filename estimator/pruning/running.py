"""Inside of the child: plain runs of a model over all rows, block by block."""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from estimator.runtime.subgraph import keep_only

Arrays = dict[str, NDArray[Any]]
KINDS = {
    "tensor(float)": onnx.TensorProto.FLOAT,
    "tensor(double)": onnx.TensorProto.DOUBLE,
    "tensor(float16)": onnx.TensorProto.FLOAT16,
    "tensor(int64)": onnx.TensorProto.INT64,
    "tensor(int32)": onnx.TensorProto.INT32,
}
BLOCK_VALUES = 2**20
MOST_ROWS_IN_BLOCK = 1024


def session(model: onnx.ModelProto, wanted: list[str] | None = None, *, fast: bool = False) -> Any:
    """An onnxruntime session on one thread. wanted: tensors to give instead of the outputs.

    fast: with graph optimisations, as users run models; otherwise each value is the model's own.
    """
    if wanted is not None:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        model = keep_only(copy, wanted)
    options = onnxruntime.SessionOptions()
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if fast else level.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def blocks(feeds: Arrays, rows: int, batch: int | None) -> Iterator[tuple[int, Arrays]]:
    """(number of rows that count, the inputs): where the model's rows are fixed, the last row is repeated."""
    width = max(1, sum(prod(array.shape[1:]) for array in feeds.values()))
    block = batch or max(1, min(MOST_ROWS_IN_BLOCK, BLOCK_VALUES // width))
    for start in range(0, rows, block):
        part = {name: np.ascontiguousarray(array[start : start + block]) for name, array in feeds.items()}
        count = min(block, rows - start)
        if batch is not None and count < batch:
            part = {
                name: np.concatenate([array, np.repeat(array[-1:], batch - count, 0)])
                for name, array in part.items()
            }
        yield count, part


def run(ready: Any, wanted: list[str], part: Arrays) -> list[NDArray[Any]]:
    """The tensors, of the inputs that the session takes."""
    taken = {given.name for given in ready.get_inputs()}
    found: list[NDArray[Any]] = ready.run(
        wanted, {name: array for name, array in part.items() if name in taken}
    )
    return found


def extremes(
    model: onnx.ModelProto, axes: Mapping[tuple[str, int], Any], feeds: Arrays, rows: int, batch: int | None
) -> dict[tuple[str, int], tuple[NDArray[Any], NDArray[Any]]]:
    """(tensor, axis) -> its least and its largest value at each index of the axis, over all else."""
    names = list(dict.fromkeys(name for name, _ in axes))
    if not names:
        return {}
    ready = session(model, names)
    found: dict[tuple[str, int], tuple[NDArray[Any], NDArray[Any]]] = {}
    for _, part in blocks(feeds, rows, batch):
        values = dict(zip(names, run(ready, names, part), strict=True))
        for name, axis in axes:
            others = tuple(a for a in range(values[name].ndim) if a != axis)
            low, high = values[name].min(axis=others), values[name].max(axis=others)
            if (name, axis) in found:
                low = np.minimum(low, found[name, axis][0])
                high = np.maximum(high, found[name, axis][1])
            found[name, axis] = low, high
    return found


def with_shapes(model: onnx.ModelProto) -> None:
    """Give the outputs that say no shape the one that onnxruntime finds; ONNX's checker asks for it."""
    bare = [o for o in model.graph.output if not o.type.tensor_type.HasField("shape")]
    if not any(output.type.WhichOneof("value") in (None, "tensor_type") for output in bare):
        return
    found = {output.name: output for output in session(model).get_outputs()}
    for output in bare:
        given = found[output.name]
        if given.type in KINDS:
            shape = [size if isinstance(size, int) else None for size in given.shape]
            output.CopyFrom(helper.make_tensor_value_info(output.name, KINDS[given.type], shape))
