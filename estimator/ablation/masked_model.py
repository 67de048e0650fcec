"""A model with a further input for each layer: what every neuron of it is multiplied by.

T is a layer's tensor. Whatever used T uses T * mask, or T * mask + fill * (1 - mask) where a cut neuron is
to give another value than 0. Exact for any kind of layer: a channel, a unit, a feature of a head; with a
mask of ones the model computes what it did.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from estimator.errors import Place, UnsupportedModel

FLOATS = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Mask:
    """Of one layer. name: of the model's new input. axes: where the tensor's axes of rows, heads (if any) and
    neurons are. shape: of the mask for one row, with the rows' axis in front and left out."""

    name: str
    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    shape: tuple[int, ...]

    def of(self, cut: NDArray[np.int64]) -> NDArray[Any]:
        """The mask of one row that is 0 at these neurons."""
        values = np.ones(int(np.prod(self.sizes)), dtype=self.dtype)
        values[cut] = 0
        return values.reshape(self.shape)


def with_masks(
    model: onnx.ModelProto,
    layers: list[dict[str, Any]],
    seen: dict[str, NDArray[Any]],
    fills: list[NDArray[np.float64] | None],
) -> list[Mask]:
    """Change the model in place. layers: as the task has them; seen: their tensors on some rows.

    fills: of each layer, the value of each neuron where it is cut; None for 0. Raises UnsupportedModel for a
    layer that holds integers.
    """
    taken = {name for node in model.graph.node for name in (*node.input, *node.output)}
    taken |= {value.name for value in [*model.graph.input, *model.graph.initializer]}
    prefix = "nif_mask"
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return [
        _add(model, f"{prefix}{number}", layer, seen[layer["tensor"]], fill)
        for number, (layer, fill) in enumerate(zip(layers, fills, strict=True))
    ]


def _add(
    model: onnx.ModelProto,
    name: str,
    layer: dict[str, Any],
    tensor: NDArray[Any],
    fill: NDArray[np.float64] | None,
) -> Mask:
    if tensor.dtype.name not in FLOATS:
        detail = (
            f"layer {layer['name']!r} holds {tensor.dtype.name}: neurons of a quantised model cannot be cut; "
            "cut the model before it is quantised"
        )
        raise UnsupportedModel(detail, errors=[Place(detail, tensor=layer["tensor"])])
    rank, row_axis, axis, head = tensor.ndim, layer["row_axis"], layer["neuron_axis"], layer["head_axis"]
    axes = [a % rank for a in ([axis] if head is None else [head, axis])] if rank > 1 else []
    sizes = tuple(tensor.shape[a] for a in axes)
    shape = tuple(tensor.shape[a] if a in axes else 1 for a in range(rank) if a != row_axis)
    kind = helper.np_dtype_to_tensor_dtype(tensor.dtype)
    graph = model.graph
    nodes = []
    placed = name
    if row_axis != 0:
        placed = f"{name}_placed"
        order = list(range(1, rank))
        order.insert(row_axis, 0)
        nodes.append(helper.make_node("Transpose", [name], [placed], perm=order))
    kept = f"{name}_kept"
    nodes.append(helper.make_node("Mul", [layer["tensor"], placed], [kept]))
    if fill is not None:
        values = np.expand_dims(fill.astype(tensor.dtype).reshape(shape), row_axis)
        graph.initializer.append(numpy_helper.from_array(values, f"{name}_fill"))
        nodes.append(helper.make_node("Mul", [f"{name}_fill", placed], [f"{name}_not"]))
        nodes.append(helper.make_node("Sub", [f"{name}_fill", f"{name}_not"], [f"{name}_filled"]))
        nodes.append(helper.make_node("Add", [kept, f"{name}_filled"], [f"{name}_cut"]))
        kept = f"{name}_cut"
    graph.input.append(helper.make_tensor_value_info(name, kind, [None, *shape]))
    _use_instead(graph, layer["tensor"], kept)
    at = next(i for i, node in enumerate(graph.node) if layer["tensor"] in node.output)
    before = list(graph.node)
    del graph.node[:]
    graph.node.extend([*before[: at + 1], *nodes, *before[at + 1 :]])
    return Mask(name, tensor.dtype, sizes, shape)


def _use_instead(graph: onnx.GraphProto, tensor: str, other: str) -> None:
    for node in graph.node:
        for position, name in enumerate(node.input):
            if name == tensor:
                node.input[position] = other
