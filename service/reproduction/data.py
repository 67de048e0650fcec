"""The data of the experiments, without the internet: Iris from scikit-learn, Banknote from this package.

Banknote is the UCI data set 267 (doi:10.24432/C55P57, CC BY 4.0), 1372 notes, as in examples/banknote.
"""

import csv
import io
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Data:
    """file: the table as CSV, as an analysis reads it. features: (n, p); labels: (n,) indices of classes."""

    name: str
    file: bytes
    names: tuple[str, ...]
    features: NDArray[np.float64]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    target: str


def read_data(name: str) -> Data:
    """`iris` or `banknote`."""
    return iris() if name == "iris" else banknote()


def iris() -> Data:
    """150 flowers of three species, four features in centimetres."""
    from sklearn.datasets import load_iris

    bunch = load_iris()
    names = ("sepal_length", "sepal_width", "petal_length", "petal_width")
    classes = tuple(str(name) for name in bunch.target_names)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "species"])
    for row, label in zip(bunch.data, bunch.target, strict=True):
        writer.writerow([*(f"{value:.1f}" for value in row), classes[label]])
    return Data("iris", text.getvalue().encode(), names, bunch.data, bunch.target, classes, "species")


def banknote() -> Data:
    """1372 banknotes, genuine or forged, four features of a wavelet transform of their pictures."""
    file = files("service.reproduction").joinpath("banknote.csv").read_bytes()
    header, *rows = csv.reader(io.StringIO(file.decode()))
    cells = np.array(rows, dtype=np.float64)
    labels = cells[:, -1].astype(np.int64)
    return Data("banknote", file, tuple(header[:-1]), cells[:, :-1], labels, ("0", "1"), header[-1])
