"""Make the example models and their data: Iris 4-5-3 and Banknote 4-5-2, as in the first experiments of
*NIF: A Framework for Quantifying Neural Information Flow in Deep Networks* (arXiv 1901.08557).

    python examples/make_examples.py

1. Read the data: Iris from scikit-learn, Banknote from `examples/banknote/banknote.csv`.
2. Train: one hidden layer of 5 ReLUs, Adam at 1e-2, full batch, 300 steps, raw features, fixed seed. On raw
   features some ReLUs die; the pictures are meant to show them.
3. Export by torch.onnx with a softmax at the end, weights inside the file, and the names of features and
   classes in the model's metadata (`nif.inputs`, `nif.outputs`).
"""

import csv
import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_iris

HERE = Path(__file__).parent
STEPS = 300
IRIS_SEED = 16
BANKNOTE_SEED = 0


@dataclass(frozen=True)
class Data:
    """features: (n, p) float32; labels: (n,) indices of `classes`."""

    names: tuple[str, ...]
    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]


def write_iris(path: Path) -> Data:
    bunch = load_iris()
    names = ("sepal_length", "sepal_width", "petal_length", "petal_width")
    classes = tuple(str(name) for name in bunch.target_names)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "species"])
        for row, label in zip(bunch.data, bunch.target, strict=True):
            writer.writerow([*(f"{value:.1f}" for value in row), classes[label]])
    return Data(names, bunch.data.astype(np.float32), bunch.target.astype(np.int64), classes)


def read_banknote(path: Path) -> Data:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    cells = np.array(rows, dtype=np.float64)
    return Data(
        tuple(header[:-1]),
        cells[:, :-1].astype(np.float32),
        cells[:, -1].astype(np.int64),
        ("0", "1"),
    )


def train(data: Data, seed: int) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        OrderedDict(
            hidden=torch.nn.Linear(len(data.names), 5),
            relu=torch.nn.ReLU(),
            output=torch.nn.Linear(5, len(data.classes)),
        )
    )
    x, y = torch.from_numpy(data.features), torch.from_numpy(data.labels)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        accuracy = float((model(x).argmax(dim=1) == y).double().mean())
        dead = int((model[:2](x) == 0).all(dim=0).sum())
    print(f"  seed {seed}: accuracy {accuracy:.4f}, {dead} of 5 ReLUs are dead")
    return model


def export(model: torch.nn.Sequential, data: Data, path: Path) -> None:
    model.add_module("softmax", torch.nn.Softmax(dim=1))
    example = torch.from_numpy(data.features[:2])
    rows = torch.export.Dim("rows")
    program = torch.onnx.export(
        model.eval(), (example,), input_names=["features"], output_names=["probabilities"],
        dynamic_shapes=({0: rows},), dynamo=True, verbose=False,
    )  # fmt: skip
    proto = program.model_proto
    for node in proto.graph.node:  # the exporter notes source files and stack traces of this machine
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*proto.graph.input, *proto.graph.output]:
        del value.metadata_props[:]
    del proto.graph.metadata_props[:], proto.metadata_props[:], proto.graph.value_info[:]
    onnx.helper.set_model_props(
        proto, {"nif.inputs": json.dumps(data.names), "nif.outputs": json.dumps(data.classes)}
    )
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))
    print(f"  {path.relative_to(HERE)}: {path.stat().st_size} bytes")


def main() -> None:
    torch.set_num_threads(1)  # sums in one order: the same weights on every run
    print("Iris 4-5-3")
    iris = write_iris(HERE / "iris" / "iris.csv")
    export(train(iris, IRIS_SEED), iris, HERE / "iris" / "iris.onnx")
    print("Banknote 4-5-2")
    banknote = read_banknote(HERE / "banknote" / "banknote.csv")
    export(train(banknote, BANKNOTE_SEED), banknote, HERE / "banknote" / "banknote.onnx")


if __name__ == "__main__":
    main()
