"""Models that packages ship, read, drawn and analysed end to end: layers, neurons, edges and times.

    pip download --no-deps magika rapidocr && unzip -o '*.whl' '*.onnx'
    python -m benchmarks.published_models magika/models/standard_v3_3/model.onnx
    python -m benchmarks.published_models --sizes rows,3,48,96 rapidocr/models/*_cls_mobile.onnx

The rows are random, as wide as the model asks (whole numbers 0 to 255 where its input takes integers): it is
the reading and the running that is tried, and what comes out says nothing of the model. `--sizes` fixes the
sizes of an input that the file leaves free. Of wide layers, `--sample-neurons` are measured.
"""

import argparse
import io
import time
from pathlib import Path

import numpy as np
import onnx

from estimator.activations import activations
from estimator.analysis import analyze
from estimator.data.read import read_table
from estimator.data.table import TableFormat
from estimator.errors import NifError
from estimator.model.inputs import input_slices, width
from estimator.model.read import read_model
from estimator.options import Options
from service.report.page import report_page


def with_sizes(model: bytes, sizes: list[str]) -> bytes:
    """The same model with the sizes of its first input fixed; a name stands for a free one."""
    proto = onnx.load_from_string(model)
    for dim, size in zip(proto.graph.input[0].type.tensor_type.shape.dim, sizes, strict=True):
        dim.Clear()
        if size.isdigit():
            dim.dim_value = int(size)
        else:
            dim.dim_param = size
    return bytes(proto.SerializeToString())


def tried(model: bytes, rows: int, sample: int) -> str:
    """A line of figures, or the refusal."""
    started = time.perf_counter()
    try:
        plan = read_model(model)
        reading = time.perf_counter() - started
        rng = np.random.default_rng(0)
        X = rng.normal(size=(rows, width(plan)))
        if all(part.dtype.kind in "iu" for part in input_slices(plan)):
            X = rng.integers(0, 256, size=X.shape).astype(float)
        started = time.perf_counter()
        activations(model, plan, X)
        running = time.perf_counter() - started
        file = io.BytesIO()
        np.save(file, X)
        table = read_table(file.getvalue(), TableFormat("npy"))
        options = Options(sample_neurons=sample, columns_by="position", permutations=20)
        started = time.perf_counter()
        network = analyze(model, table, options)
        analysing = time.perf_counter() - started
    except NifError as error:
        return f"{error.slug}: {error.detail[:160]}"
    from estimator.graph.describe import describe

    page = report_page(network, describe(network), plotly_src="plotly.js", title="published model")
    neurons = sum(layer.size for layer in plan.layers)
    edges = sum(plan.layers[s].size * plan.layers[c].size for s, c in plan.links)
    return (
        f"{len(plan.layers)} layers, {neurons:,} neurons, {edges:,} edges; read in {reading:.2f} s, "
        f"{rows} rows run in {running:.1f} s, analysed ({network.edges_measured:,} edges of the sample) in "
        f"{analysing:.1f} s, page of {len(page):,} characters"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--sample-neurons", type=int, default=10)
    parser.add_argument("--sizes", help="of the first input, such as rows,3,48,96")
    asked = parser.parse_args()
    for path in asked.models:
        model = path.read_bytes()
        model = with_sizes(model, asked.sizes.split(",")) if asked.sizes else model
        print(f"{path.name}: {tried(model, asked.rows, asked.sample_neurons)}", flush=True)


if __name__ == "__main__":
    main()
