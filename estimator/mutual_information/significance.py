"""Is there any dependence at all? A permutation test of every pair at once, shared by all methods.

1. Statistic: T = sum_kl v_k v_l S_kl^2, S the scores of the polynomial features of the ranks (`columns`), a
   smooth test (Neyman 1937; Rayner and Best 1989). v_k = 1/k, less for a feature that lives on few rows.
2. Null: all permutations of the rows of y. With A = F V F'/n and B likewise T = sum_ij a_ij b_ij, so its
   first three moments over all n! permutations are known exactly (`permutation_moments`).
3. p: the tail of the Pearson III law with those moments, as of Mielke and Berry (2007, Permutation Methods,
   section 2.3) and of Bilodeau and Guetsop Nangue (2017, doi:10.1016/j.jmva.2017.04.006), times what this law
   misses of the tail of the limit, a weighted sum of chi-squares (`tail`). No draw limits how small p may be.
4. Where T is far from that limit (rare values in both columns; a skewness beyond IRREGULAR times the limit's)
   the fit is a prior only: with k of B random permutations at least as large, p = (k + 1)/(B + 1/fit),
   which tends to (k + 1)/B as the fit nears 1 and to the fit where it is far below 1/B.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from estimator.mutual_information.columns import Columns, columns
from estimator.mutual_information.permutation_moments import invariants, moments
from estimator.mutual_information.tail import pearson_tail
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]

IRREGULAR = 1.5
# A feature on fewer rows than about this counts for little: its score is one or two rows' doing.
FEWEST_ROWS = 20
# Columns a side in one matrix product, and bytes of features at once.
BLOCK = 128
MOST_BYTES = 2**28
TIES = 1e-12


def permutation_p_values(
    X: Floats,
    Y: Floats,
    *,
    seed: int,
    permutations: int,
    device: str = "cpu",
    progress: Progress | None = None,
    within: bool = False,
) -> Floats:
    """p of independence of every column of X (n, p) and of Y (n, q): (p, q), above 0 and at most 1.

    A constant column has p 1. The value of a pair depends on the pair, `seed` and `permutations` alone.
    within: of the pairs within X, symmetric, the diagonal 1; Y isn't read. progress is told
    ("estimating", pairs done, pairs); what it raises passes through.
    """
    tell = progress or silent
    x = columns(X)
    y = x if within else columns(Y)
    sides = [_Side(x)] * 2 if within else [_Side(x), _Side(y)]
    p = np.ones((x.size, y.size))
    blocks = list(_blocks(x, y, within))
    total = sum(_pairs(rows, cols) for rows, cols in blocks)
    done = 0
    for rows, cols in blocks:
        p[rows, cols] = _block(*sides, rows, cols, seed, permutations, device)
        done += _pairs(rows, cols)
        tell("estimating", done, total)
    if within:
        p = np.triu(p, 1) + np.triu(p, 1).T
        np.fill_diagonal(p, 1.0)
    return p


class _Side:
    """Columns with their weights v (R, d) and invariants (R, 12) a measure."""

    def __init__(self, found: Columns) -> None:
        self.columns = found
        self.weights = np.empty((len(found.tables), found.degree))
        numbers = []
        for r, (table, count) in enumerate(zip(found.tables, found.counts, strict=True)):
            features, mass = table.T * found.unit, count / found.n
            fourth = mass @ features**4
            self.weights[r] = 1 / np.arange(1, found.degree + 1) / (1 + (FEWEST_ROWS * fourth / found.n) ** 2)
            self.weights[r, found.degrees[r] :] = 0
            numbers.append(invariants(features, mass, self.weights[r], found.n))
        self.invariants = np.array(numbers)

    def scaled(self, part: slice, degree: int, device: str) -> torch.Tensor:
        """Features of a slice of columns, (p * degree, n) whole multiples of the unit."""
        return torch.from_numpy(self.columns.features(part, degree)).to(device).reshape(-1, self.columns.n)


def _block(
    x: _Side, y: _Side, rows: slice, cols: slice, seed: int, permutations: int, device: str
) -> Floats:
    n, d = x.columns.n, x.columns.degree
    left, right = x.columns.measure[rows], y.columns.measure[cols]
    weights = tuple(torch.from_numpy(side.weights[m]).to(device) for side, m in ((x, left), (y, right)))
    F, G = x.scaled(rows, d, device), y.scaled(cols, d, device)
    scale = x.columns.unit**2 / n
    observed = _statistic(F, G, *weights, scale)
    mean, variance, third = moments(x.invariants[left], y.invariants[right], n)
    fitted, skewness = pearson_tail(
        observed.cpu().numpy(), mean, variance, third, x.columns.degrees[left], y.columns.degrees[right]
    )
    tested = (x.columns.degrees[left] > 0)[:, None] & (y.columns.degrees[right] > 0)[None, :]
    fitted = np.where(tested, fitted, 1.0)
    irregular = tested & (skewness > IRREGULAR)
    if not irregular.any():
        return fitted
    i, j = np.flatnonzero(irregular.any(1)), np.flatnonzero(irregular.any(0))
    larger = _exceedances(F, G, weights, observed, scale, i, j, seed, permutations)
    place = np.ix_(i, j)
    drawn = (larger + 1) / (permutations + 1 / fitted[place])
    fitted[place] = np.where(irregular[place], np.minimum(drawn, 1.0), fitted[place])
    return fitted


def _statistic(
    F: torch.Tensor, G: torch.Tensor, left: torch.Tensor, right: torch.Tensor, scale: float
) -> torch.Tensor:
    """T (p, q) of features (p * d, n), (q * d, n) with weights (p, d), (q, d). Sums over planes of pairs, so
    that a pair's bits don't depend on the block's shape; whole numbers make S itself exact."""
    p, q, d = len(left), len(right), left.shape[1]
    scores = (F @ G.mT).reshape(p, d, q, d)
    total = scores.new_zeros(p, q)
    for k in range(d):
        for l in range(d):
            total += (scores[:, k, :, l] * scale) ** 2 * left[:, k, None] * right[None, :, l]
    return total


def _exceedances(
    F: torch.Tensor,
    G: torch.Tensor,
    weights: tuple[torch.Tensor, torch.Tensor],
    observed: torch.Tensor,
    scale: float,
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    seed: int,
    permutations: int,
) -> NDArray[np.int64]:
    """How many random permutations give columns i, j a statistic at least as large."""
    left, right = weights
    d, n = left.shape[1], F.shape[1]
    a, b = (torch.from_numpy(index).to(F.device) for index in (i, j))
    kept = int(max((left[a] > 0).sum(1).max(), (right[b] > 0).sum(1).max()))
    F, G = (H.reshape(-1, d, n)[index, :kept] for H, index in ((F, a), (G, b)))
    left, right = left[a, :kept], right[b, :kept]
    least = observed[a][:, b] * (1 - TIES)
    F, G = F.reshape(-1, n), G.reshape(-1, n)
    larger = torch.zeros_like(least, dtype=torch.int64)
    random = np.random.default_rng(seed)
    for _ in range(permutations):
        order = torch.from_numpy(random.permutation(n)).to(F.device)
        larger += _statistic(F, G.index_select(1, order), left, right, scale) >= least
    return larger.cpu().numpy()


def _blocks(x: Columns, y: Columns, within: bool) -> Iterator[tuple[slice, slice]]:
    side = max(1, min(BLOCK, MOST_BYTES // (16 * x.n * x.degree)))
    for i in range(0, x.size, side):
        for j in range(i if within else 0, y.size, side):
            yield slice(i, min(i + side, x.size)), slice(j, min(j + side, y.size))


def _pairs(rows: slice, cols: slice) -> int:
    return (rows.stop - rows.start) * (cols.stop - cols.start)
