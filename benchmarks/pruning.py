"""How much smaller and faster a model is with half of its hidden neurons cut out of the graph.

`python -m benchmarks.pruning`: a dense and a convolutional network with random weights, half of each hidden
layer cut, drawn with a seed; sizes, the time of a run before and after, and the largest difference to the
model with these neurons at 0. What a cut costs in accuracy is another matter: `nif ablate`.
"""

import argparse
import time
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from estimator.model.read import read_model
from estimator.progress import silent
from estimator.pruning.made import Made, made_in_child

DENSE = (784, 2048, 2048, 10)
CHANNELS = (3, 64, 128)
SIDE = 32


def dense() -> tuple[bytes, int]:
    """784-2048-2048-10, ReLU."""
    graph = _Graph()
    for i, (taken, made) in enumerate(pairwise(DENSE)):
        graph.node("Gemm", graph.weights(taken, made, by=taken), graph.weights(made, by=1))
        if i < len(DENSE) - 2:
            graph.node("Relu")
    return graph.model([None, DENSE[0]]), DENSE[0]


def convolutional() -> tuple[bytes, int]:
    """3x32x32, two padded convolutions with ReLU and pool, a dense layer of 128."""
    graph = _Graph()
    for taken, made in pairwise(CHANNELS):
        W, b = graph.weights(made, taken, 3, 3, by=9 * taken), graph.weights(made, by=1)
        graph.node("Conv", W, b, pads=[1, 1, 1, 1])
        graph.node("Relu")
        graph.node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    graph.node("Flatten")
    width = CHANNELS[-1] * (SIDE // 4) ** 2
    graph.node("Gemm", graph.weights(width, 128, by=width), graph.weights(128, by=1))
    graph.node("Relu")
    graph.node("Gemm", graph.weights(128, 10, by=128), graph.weights(10, by=1))
    return graph.model([None, CHANNELS[0], SIDE, SIDE]), CHANNELS[0] * SIDE * SIDE


class _Graph:
    """A chain of nodes with random weights."""

    def __init__(self) -> None:
        self._rng, self._last = np.random.default_rng(0), "x"
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def weights(self, *shape: int, by: int) -> str:
        name = f"w{len(self._weights)}"
        values = self._rng.normal(size=shape) / np.sqrt(by)
        self._weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(self, operator: str, *weights: str, **attributes: Any) -> None:
        made = f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, [self._last, *weights], [made], **attributes))
        self._last = made

    def model(self, shape: list[int | None]) -> bytes:
        given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
        returned = [helper.make_tensor_value_info(self._last, TensorProto.FLOAT, [None, 10])]
        graph = helper.make_graph(self._nodes, "network", given, returned, self._weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        data: bytes = made.SerializeToString()
        return data


def halved(model: bytes, width: int, rows: int) -> Made:
    plan, rng = read_model(model), np.random.default_rng(1)
    cut = {
        layer.tensor: {
            "constant": [],
            "zero": sorted(int(i) for i in rng.choice(layer.size, layer.size // 2, replace=False)),
        }
        for layer in plan.layers
        if layer.kind == "hidden"
    }
    return made_in_child(model, plan, rng.normal(size=(rows, width)), cut, None, silent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    rows = parser.parse_args().rows
    for name, (model, width) in {"dense": dense(), "convolutional": convolutional()}.items():
        began = time.perf_counter()
        made = halved(model, width, rows)
        took = time.perf_counter() - began
        before, after = made.latency["seconds_before"], made.latency["seconds_after"]
        print(
            f"{name}: {len(made.gone)} neurons out, {len(made.held)} held; bytes {len(model):,} -> "
            f"{len(made.model):,}; {1000 * before:.1f} -> {1000 * after:.1f} ms for "
            f"{made.latency['rows']} rows (x {after / before:.2f}); largest difference "
            f"{made.fixed['largest']:.2g} on {rows} rows; {took:.1f} s in all"
        )


if __name__ == "__main__":
    main()
