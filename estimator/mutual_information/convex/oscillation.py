"""Is there structure finer than the critic's polynomials can follow? Then a value is "at least" only.

y = sin(8x) + noise turns more often than a polynomial of degree 12 can: nothing of it is in the scores, and
the fit says 0. So one looks past them: cosines k = 13..60 of the ranks of either column against
the two lowest features of the other. Of independent columns n times the squared mean of such a product is
about 1 (chi-square of one degree); a pair whose sum over all of them is EXCESS sd above their number has
structure there: sd^2 = 2 sum C_kk'^2 a feature, C the cosines' correlations, for beside an atom they are not
orthogonal. Smooth dependence has none: cosine coefficients of a kink fall like k^-2.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from estimator.mutual_information.columns import ROWS_PER_FEATURE, Columns

LOWEST, HIGHEST = 13, 60
FEATURES = 2
EXCESS = 7.0
# Fewer rows, or fewer values than cosines, cannot show it. Between an atom and what is beside it the other
# column's mean jumps, which is no oscillation: columns with a larger share of one value are not judged.
FEWEST_ROWS = ROWS_PER_FEATURE * (HIGHEST - LOWEST + 1)
LARGEST_ATOM = 0.05
CHUNK_BYTES = 2**26


def oscillates(x: Columns, y: Columns, rows: slice, columns: slice, device: str) -> NDArray[np.bool_]:
    """Of every pair of the block, (p, q): whether it has structure too fine for the fit."""
    return _one_way(x, y, rows, columns, device) | _one_way(y, x, columns, rows, device).T


def _one_way(fine: Columns, coarse: Columns, part: slice, other: slice, device: str) -> NDArray[np.bool_]:
    """Cosines of `fine` against features of `coarse`: (fine, coarse)."""
    n, frequencies = fine.n, HIGHEST - LOWEST + 1
    indices, others = range(*part.indices(fine.size)), range(*other.indices(coarse.size))
    found = np.zeros((len(indices), len(others)), dtype=np.bool_)
    able = [i for i, c in enumerate(indices) if _may_show(fine.counts[fine.measure[c]])]
    if not able:
        return found
    chosen = [indices[i] for i in able]
    angles = np.stack([_angles(fine.counts[fine.measure[c]])[fine.codes[c]] for c in chosen])
    turns = torch.arange(LOWEST, HIGHEST + 1, dtype=torch.float32, device=device)
    products = torch.zeros(len(able) * frequencies, len(others) * FEATURES, device=device)
    mean = torch.zeros(len(able), frequencies, device=device)
    squares = torch.zeros(len(able), frequencies, frequencies, device=device)
    chunk = max(1, CHUNK_BYTES // (4 * frequencies * len(able)))
    for start in range(0, n, chunk):
        piece = slice(start, start + chunk)
        angle = torch.from_numpy(angles[:, piece]).to(device)
        waves = (turns[:, None] * angle[:, None, :]).cos_()
        values = np.concatenate(
            [coarse.tables[coarse.measure[c]][:FEATURES, coarse.codes[c, piece]] for c in others]
        )
        low = torch.from_numpy(values.astype(np.float32) * np.float32(coarse.unit)).to(device)
        products += waves.reshape(len(able) * frequencies, -1) @ low.T
        mean += waves.sum(2)
        squares += waves @ waves.mT
    covariance = squares / n - (mean / n)[:, :, None] * (mean / n)[:, None, :]
    variance = covariance.diagonal(dim1=1, dim2=2).clamp_min(1e-6)
    correlation = covariance / (variance[:, :, None] * variance[:, None, :]).sqrt()
    # the low features have mean 0, so that the cosines' means don't matter in the products
    total = (products**2 / n).reshape(len(able), frequencies, -1, FEATURES) / variance[:, :, None, None]
    spread = (2 * (correlation**2).sum((1, 2))).cpu().numpy()
    kept = np.minimum(coarse.degrees[coarse.measure[list(others)]], FEATURES)
    kept = np.maximum(kept, 1)
    bar = frequencies * kept + EXCESS * np.sqrt(spread[:, None] * kept)
    found[able] = total.sum((1, 3)).cpu().numpy() > bar
    return found


def _may_show(counts: NDArray[np.intp]) -> bool:
    n = int(counts.sum())
    return len(counts) > HIGHEST and n >= FEWEST_ROWS and int(counts.max()) <= LARGEST_ATOM * n


def _angles(counts: NDArray[np.intp]) -> NDArray[np.float32]:
    """pi times the mid-rank of each distinct value."""
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    return np.asarray(math.pi * middle, dtype=np.float32)
