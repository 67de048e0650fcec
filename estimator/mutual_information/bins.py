"""Columns in a few levels each: the grids on which neural critics are trained and read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

# Spreads the tails of the ranks: normal scores of an N(0, 1.3^2) law's distribution function.
STRETCH = 1.3


@dataclass(frozen=True)
class Bins:
    """p columns of n rows at G levels.

    label: (p, n), the level of each row. node: (p, G), the mean score of a level, in [-1, 1]. mass: (p, G),
    its share of the rows; levels that a column does not use have mass 0. At most 256 levels.
    """

    label: NDArray[np.uint8]
    node: NDArray[np.float32]
    mass: NDArray[np.float32]


def binned(X: NDArray[np.float64], size: int) -> Bins:
    """X (n, p) at `size` levels; a column with no more distinct values keeps them all.

    Otherwise levels are equally wide in the score s = 2 Phi(z / 1.3) - 1 of the mid-rank's normal score z. An
    atom never takes more than one level, and takes no room from the other values by its mass.
    """
    n, p = X.shape
    label = np.empty((p, n), dtype=np.uint8)
    node, mass = np.zeros((p, size), dtype=np.float32), np.zeros((p, size), dtype=np.float32)
    for column in range(p):
        _, value, count = np.unique(X[:, column], return_inverse=True, return_counts=True)
        score = 2 * _stretched(count) - 1
        level = np.arange(len(count))
        if len(count) > size:
            room = np.floor(size * _stretched(np.minimum(count, n / size)))
            _, level = np.unique(np.minimum(room, size - 1), return_inverse=True)
        weight = np.bincount(level, count)
        node[column, : len(weight)] = np.bincount(level, count * score) / weight
        mass[column, : len(weight)] = weight / n
        label[column] = level[value]
    return Bins(label=label, node=node, mass=mass)


def _stretched(count: NDArray[Any]) -> NDArray[np.float64]:
    middle = (np.cumsum(count) - count / 2) / count.sum()
    return np.asarray(ndtr(ndtri(middle) / STRETCH))
