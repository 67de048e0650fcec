"""Rows drawn for what is too slow for all of them, always in the order of the table."""

import numpy as np
from numpy.typing import NDArray


def drawn_rows(rows: int, most: int, seed: int, stream: int) -> NDArray[np.int64]:
    """Positions of `most` of the rows, without replacement, or of all. stream: one for each use."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, stream]).choice(rows, most, replace=False))
