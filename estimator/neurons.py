"""What each neuron did on the data."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from estimator.network import NeuronFacts

Floats = NDArray[np.float64]
BINS = 20


def neuron_facts(
    activations: Floats, bins: int = BINS, tick: Callable[[], None] = lambda: None
) -> NeuronFacts:
    """Facts of a layer's activations (n, size), all finite; n >= 1.

    constant: one distinct value over all rows, 0 or another; -0.0 and 0.0 are one value.
    tick: called before each neuron; what it raises stops the work.
    """
    X = activations
    lowest, highest = X.min(axis=0), X.max(axis=0)
    edges = _bin_edges(lowest, highest, bins)
    # Means and deviations of halves: a sum of two numbers near the largest float64 must not overflow.
    scale = np.maximum(np.maximum(np.abs(lowest), np.abs(highest)), np.finfo(np.float64).tiny)
    size = X.shape[1]
    mean, sd, zeros = np.empty(size), np.empty(size), np.empty(size)
    distinct = np.empty(size, dtype=np.int64)
    histogram = np.empty((size, bins), dtype=np.int64)
    for i in range(size):
        tick()
        column = np.sort(X[:, i])
        scaled = column / scale[i]
        mean[i], sd[i] = scaled.mean() * scale[i], scaled.std() * scale[i]
        zeros[i] = np.mean(column == 0)
        distinct[i] = 1 + np.count_nonzero(column[1:] != column[:-1])
        histogram[i] = np.diff(np.searchsorted(column, edges[i, 1:-1], side="left"), prepend=0, append=len(X))
    constant = distinct == 1
    mean[constant], sd[constant] = lowest[constant] + 0.0, 0.0
    return NeuronFacts(
        mean=mean,
        sd=sd,
        zeros=zeros,
        distinct=distinct,
        histogram=histogram,
        histogram_edges=edges,
        constant=constant,
    )


def _bin_edges(lowest: Floats, highest: Floats, bins: int) -> Floats:
    """(size, bins + 1): equal bins from the lowest to the highest value; of width 1 around a constant."""
    same = lowest == highest
    low, high = np.where(same, lowest - 0.5, lowest), np.where(same, highest + 0.5, highest)
    at = np.linspace(0.0, 1.0, bins + 1)
    edges: Floats = low[:, None] * (1 - at) + high[:, None] * at
    return edges
