"""A whole analysis of a network of handwritten digits: how long, how much memory, and is it linear in pairs?

    python benchmarks/large_network.py --pixels 14 20 28 --rows 2000 --threads 2

For each image size it trains an MLP (28 x 28 pixels: 784-200-100-10) on the digits that scikit-learn ships,
enlarged and shifted by a pixel or so, writes it as ONNX with a CSV table of the rows, and then, in a fresh
process, times the analysis from those two files to the network in the store: reading, activations, mi and p
of every edge, redundancies of every layer, the digit as a probe, facts of the graph, SQLite. It prints pairs
(edges and pairs within layers), seconds, milliseconds a pair (and of CPU: on a busy machine the figure to
compare), and the peak resident memory of the process and
of the child that runs the model.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import get_args

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.ndimage import zoom
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from estimator.analysis import analyze
from estimator.data.read import read_table
from estimator.data.table import TableFormat
from estimator.options import Device, Options

Floats = NDArray[np.float64]


def images(rows: int, pixels: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """(rows, pixels^2) in [0, 1] and the digits (rows,); every one moved by -1, 0 or 1 pixels either way."""
    random = np.random.default_rng(seed)
    digits = load_digits()
    chosen = random.permutation(np.resize(np.arange(len(digits.images)), rows))
    large = [zoom(digits.images[i] / 16, pixels / 8, order=1) for i in chosen]
    moved = [np.roll(image, random.integers(-1, 2, 2), axis=(0, 1)) for image in large]
    return np.array(moved).reshape(rows, -1), digits.target[chosen]


def trained(X: Floats, digits: NDArray[np.int64], hidden: tuple[int, int], seed: int) -> onnx.ModelProto:
    mlp = MLPClassifier(hidden, max_iter=20, random_state=seed)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        mlp.fit(X, digits)
    print(f"  accuracy on its rows {mlp.score(X, digits):.3f}")
    nodes, weights, tensor = [], [], "pixels"
    for k, (W, b) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True)):
        weights += [numpy_helper.from_array(a.astype(np.float32), f"{s}{k}") for s, a in (("W", W), ("b", b))]
        nodes.append(helper.make_node("Gemm", [tensor, f"W{k}", f"b{k}"], [f"sum{k}"]))
        last = k == len(hidden)
        tensor = "probabilities" if last else f"hidden{k + 1}"
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"sum{k}"], [tensor]))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["rows", X.shape[1]])],
        [helper.make_tensor_value_info(tensor, TensorProto.FLOAT, ["rows", 10])],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def write_files(folder: Path, rows: int, pixels: int, seed: int) -> None:
    X, digits = images(rows, pixels, seed)
    width = round(200 * pixels / 28)
    onnx.save(trained(X, digits, (width, width // 2), seed), folder / "model.onnx")
    header = ",".join([*(f"pixel_{i}" for i in range(X.shape[1])), "digit"])
    np.savetxt(folder / "rows.csv", np.column_stack([X, digits]), "%.6g", ",", header=header, comments="")


def measure(folder: Path, threads: int, device: Device) -> None:
    """The analysis, in this process; prints what it took as one line of JSON."""
    import torch

    from service.stores.embedded import EmbeddedStore

    torch.set_num_threads(threads)
    phases: dict[str, float] = {}
    last = start = time.perf_counter()

    def progress(phase: str, done: int, total: int) -> None:
        nonlocal last
        now = time.perf_counter()
        phases[phase] = phases.get(phase, 0.0) + now - last
        last = now

    table = read_table(folder / "rows.csv", TableFormat())
    options = Options(columns_by="position", target="digit", device=device)
    network = analyze((folder / "model.onnx").read_bytes(), table, options, progress)
    analysed = time.perf_counter()
    store = EmbeddedStore(folder / "nif.db")
    store.migrate()
    store.write("digits", network)
    ended = time.perf_counter()
    store.close()
    sizes = [len(layer.neurons) for layer in network.layers]
    edges = sum(link.mi.size for link in network.edges)
    flows = sum(int((link.q_value <= network.alpha).sum()) for link in network.edges)
    peaks = [
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    took = {
        "sizes": sizes,
        "edges": edges,
        "within": sum(n * (n - 1) // 2 for n in sizes[:-1]),
        "flows": flows,
    }
    used = resource.getrusage(resource.RUSAGE_SELF)
    took |= {
        "cpu": used.ru_utime + used.ru_stime,
        "seconds": ended - start,
        "store": ended - analysed,
        "phases": phases,
        "peaks": peaks,
    }
    print(json.dumps(took))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pixels", nargs="+", type=int, default=[14, 20, 28], help="pixels a side")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=get_args(Device), default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)  # how it calls itself
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure, asked.threads, asked.device)
        return
    for pixels in asked.pixels:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{pixels} x {pixels} pixels, {asked.rows} rows", flush=True)
            write_files(Path(folder), asked.rows, pixels, asked.seed)
            command = [sys.executable, __file__, "--measure", folder, "--threads", str(asked.threads)]
            command += ["--device", asked.device]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            took = json.loads(said.splitlines()[-1])
        pairs = took["edges"] + took["within"]
        layers = "-".join(map(str, took["sizes"]))
        phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took["phases"].items())
        print(f"  {layers}: {took['edges']:,} edges, {took['flows']:,} of them flow, {pairs:,} pairs in all")
        print(
            f"  {took['seconds']:.1f} s, {1000 * took['seconds'] / pairs:.3f} ms a pair; CPU "
            f"{took['cpu']:.1f} s, {1000 * took['cpu'] / pairs:.3f} ms a pair"
        )
        print(f"  {phases}, store {took['store']:.1f} s")
        print(f"  peak {took['peaks'][0]:.0f} MiB, of the child {took['peaks'][1]:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
