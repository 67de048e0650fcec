"""Reading and running a model, against plain onnxruntime that returns the same arrays.

`python -m benchmarks.model_reading [--rows 60000]`: a 784-200-100-10 network. Plain onnxruntime computes the
same three layers in this process, at once, and gives them as float64, as an analysis needs them; started
anew, it is a process that imports onnxruntime first. Ours screens the file, starts the confined child, gives
it the rows, checks them (finite, each row by itself) and gets its layers. The best of several runs counts.
The child's peak memory is printed for these rows and for a quarter of them: it must not grow with them.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from estimator.activations import activations
from estimator.model.read import read_model

SIZES = (784, 200, 100, 10)
RUNS = 5
PLAIN = """
import sys, numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
X = np.zeros((int(sys.argv[2]), 784))
session = onnxruntime.InferenceSession(sys.argv[1], options)
found = [a.astype(np.float64) for a in session.run(None, {"x": X.astype(np.float32)})]
"""


def network() -> bytes:
    rng, before = np.random.default_rng(0), "x"
    nodes, weights = [], []
    for i, (rows, columns) in enumerate(pairwise(SIZES)):
        w = rng.normal(size=(rows, columns)).astype(np.float32) / np.sqrt(rows)
        weights.append(numpy_helper.from_array(w.astype(np.float32), f"w{i}"))
        nodes.append(helper.make_node("Gemm", [before, f"w{i}"], [f"a{i}"]))
        before = f"h{i}"
        last = i == len(SIZES) - 2
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"a{i}"], [before]))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", SIZES[0]])]
    outputs = [helper.make_tensor_value_info(f"h{i}", TensorProto.FLOAT, None) for i in range(3)]
    graph = helper.make_graph(nodes, "benchmark", inputs, outputs, weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(proto.SerializeToString())


def plain(model: bytes, X: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)
    return [array.astype(np.float64) for array in session.run(None, {"x": X.astype(np.float32)})]


def best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def seconds_anew(model: bytes, rows: int) -> float:
    """Of a fresh process that does the same by plain onnxruntime, its start included."""
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(model)
        file.flush()
        command = [sys.executable, "-c", PLAIN, file.name, str(rows)]
        return best(lambda: subprocess.run(command, check=True))


def child_memory() -> int:
    """Memory of the running child in bytes, without what it maps from files: the kernel takes that back."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"estimator.runtime.child" in words and not words[0].endswith(b"bwrap"):
                status = (folder / "status").read_text()
                anonymous = next(line for line in status.splitlines() if line.startswith("RssAnon"))
                return int(anonymous.split()[1]) * 1024
    return 0


def peak(model: bytes, X: NDArray[np.float64]) -> int:
    """Most memory that the child was seen to have: it is looked at after every block."""
    seen = 0

    def look(*_: object) -> None:
        nonlocal seen
        seen = max(seen, child_memory())

    activations(model, read_model(model), X, progress=look)
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=60_000)
    rows = parser.parse_args().rows
    model, X = network(), np.random.default_rng(0).normal(size=(rows, SIZES[0]))
    theirs = plain(model, X)
    ours = activations(model, read_model(model), X)[1:]
    worst = max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))
    print(f"{rows:,} rows through {'-'.join(map(str, SIZES))}; largest difference {worst:.2g}")
    here = best(lambda: plain(model, X))
    print(f"plain onnxruntime, 1 thread       {here:7.3f} s")
    print(f"plain onnxruntime, a new process  {seconds_anew(model, rows):7.3f} s")
    took = best(lambda: activations(model, read_model(model), X))
    print(f"read_model and activations        {took:7.3f} s, {took / here:.2f} x plain (goal: at most 2)")
    few = X[: rows // 4]
    whole, quarter = peak(model, X), peak(model, few)
    print(f"peak memory of the child          {whole / 2**20:7.0f} MiB; of a quarter of the rows "
          f"{quarter / 2**20:.0f} MiB")  # fmt: skip


if __name__ == "__main__":
    main()
