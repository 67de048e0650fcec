"""A model in which chosen neurons have one value, whatever goes in: T becomes T * keep + fill.

What a pruned model must equal, and what remains of a neuron that cannot be taken out: its place, at 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from estimator.model.contents import graphs_of


@dataclass(frozen=True)
class Fixed:
    """tensor: of the layer, with `rank` axes of which `axis` counts its `size` neurons. places: those that
    are fixed, values: (places,) what to."""

    tensor: str
    rank: int
    axis: int
    size: int
    dtype: np.dtype[np.generic]
    places: NDArray[np.int64]
    values: NDArray[np.float64]

    def without(self, lost: Sequence[int]) -> "Fixed":
        """The same in a layer that lost other neurons. lost: their positions, sorted."""
        places = self.places - np.searchsorted(lost, self.places)
        return replace(self, size=self.size - len(lost), places=places)


def fix(model: onnx.ModelProto, layers: list[Fixed]) -> None:
    """Change the model in place."""
    prefix = unused_prefix(model, "nif_fixed")
    for number, layer in enumerate(layers):
        if len(layer.places):
            _fix(model.graph, f"{prefix}{number}", layer)


def _fix(graph: onnx.GraphProto, name: str, layer: Fixed) -> None:
    shape = [1] * layer.rank
    shape[layer.axis] = layer.size
    keep = np.ones(layer.size, dtype=layer.dtype)
    keep[layer.places] = 0
    graph.initializer.append(numpy_helper.from_array(keep.reshape(shape), f"{name}_keep"))
    nodes = [helper.make_node("Mul", [layer.tensor, f"{name}_keep"], [f"{name}_kept"])]
    if layer.values.any():
        fill = np.zeros(layer.size, dtype=layer.dtype)
        fill[layer.places] = layer.values
        graph.initializer.append(numpy_helper.from_array(fill.reshape(shape), f"{name}_fill"))
        nodes.append(helper.make_node("Add", [f"{name}_kept", f"{name}_fill"], [f"{name}_value"]))
    for node in graph.node:
        for position, given in enumerate(node.input):
            if given == layer.tensor:
                node.input[position] = nodes[-1].output[0]
    before = list(graph.node)
    at = next(i for i, node in enumerate(before) if layer.tensor in node.output) + 1
    del graph.node[:]
    graph.node.extend([*before[:at], *nodes, *before[at:]])


def unused_prefix(model: onnx.ModelProto, prefix: str) -> str:
    """With underscores at its end until no tensor's name begins so."""
    graph = model.graph
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    taken |= {value.name for value in [*graph.input, *graph.initializer]}
    if list(graphs_of(list(graph.node))):
        raise AssertionError("branches are written out before")
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return prefix
