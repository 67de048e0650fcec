"""Plug-in entropies of columns: the ceilings of what can be said about them."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def entropies(X: Floats) -> Floats:
    """H of the distribution of the values in each column of X (n, p), in nats: (p,), from 0 to ln n.

    -sum over distinct values of (c/n) ln(c/n), c their counts.
    """
    n, p = X.shape
    ordered = np.sort(X.T, axis=1)
    first = np.ones((p, n), dtype=bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=first[:, 1:])
    start = np.flatnonzero(first)
    count = np.diff(start, append=p * n)
    own = np.bincount(start // n, weights=count * np.log(count), minlength=p)
    return np.asarray(np.maximum(0.0, np.log(n) - own / n))


def ceilings(x: Floats, y: Floats, n: int) -> Floats:
    """min(H(x), H(y), ln n) of each pair, (p, q), in nats: no estimate from n rows can be more."""
    return np.minimum(np.minimum(x[:, None], y[None, :]), np.log(n))
