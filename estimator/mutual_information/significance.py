"""Is there any dependence at all? A permutation test of every pair at once, shared by all methods.

1. Statistic: T = sum_kl v_k v_l S_kl^2, S the scores of the polynomial features of the ranks (`columns`), a
   smooth test (Neyman 1937; Rayner and Best 1989). v_k = 1/k, less for a feature that lives on few rows.
2. Null: all permutations of the rows of y. With A = F V F'/n and B likewise T = sum_ij a_ij b_ij, so its
   first three moments over all n! permutations are known exactly (`permutation_moments`).
3. p: the tail of the Pearson III law with those moments, as of Mielke and Berry (2007, Permutation Methods,
   section 2.3) and of Bilodeau and Guetsop Nangue (2017, doi:10.1016/j.jmva.2017.04.006), times what this law
   misses of the tail of the limit, a weighted sum of chi-squares (`tail`). No draw limits how small p may be.
4. What oscillates has no score: where both columns are nearly free of ties, the serial correlations of one in
   the order of the other (`scores`) are two more tests, normal under independence, and
   p is how often min(p/.9, p_xy/.05, p_yx/.05) is as small: the smooth test pays a tenth of its p for them.
5. Where rare values of both columns are expected to meet in fewer than FEWEST_MEETINGS rows T has few values,
   and the fit is a prior only: with k of B random permutations at least as large, p = (k + 1)/(B + 1/fit),
   which tends to (k + 1)/(B + 1) as the fit nears 1 and to the fit where it is far below 1/B.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr

from estimator.mutual_information.columns import Columns, columns
from estimator.mutual_information.draws import exceedances
from estimator.mutual_information.permutation_moments import invariants, moments
from estimator.mutual_information.scores import scores, serial_correlation, steps
from estimator.mutual_information.tail import LEAST_P, pearson_tail
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]

# Cochran's rule for the expected count of a cell.
FEWEST_MEETINGS = 5
# A feature on fewer rows than about this counts for little: its score is one or two rows' doing.
FEWEST_ROWS = 20
# The shares of the error allowed that the smooth test and each serial correlation have.
SMOOTH, SERIAL = 0.9, 0.05
LEAST = float(np.finfo(np.float64).eps)
# Columns a side in one matrix product.
BLOCK = 128


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
    x = columns(X, device)
    y = x if within else columns(Y, device)
    left = _Side(x)
    right = left if within else _Side(y)
    p = np.ones((x.size, y.size))
    blocks = list(_blocks(x, y, within))
    total = sum(_pairs(rows, cols) for rows, cols in blocks)
    done = 0
    for rows, cols in blocks:
        p[rows, cols] = _block(left, right, rows, cols, seed, permutations, device)
        done += _pairs(rows, cols)
        tell("estimating", done, total)
    if within:
        p = np.triu(p, 1) + np.triu(p, 1).T
        np.fill_diagonal(p, 1.0)
    return p


class _Side:
    """Columns, with the weights v (R, d) and invariants (R, 12) of each measure.

    rare: (R,) how many rows are not at the commonest value.
    """

    def __init__(self, found: Columns) -> None:
        self.columns = found
        self.weights = np.empty((len(found.tables), found.degree))
        numbers = []
        for r, (table, count) in enumerate(zip(found.tables, found.counts, strict=True)):
            features: Floats = np.multiply(table.T, found.unit, dtype=np.float64)
            mass = count / found.n
            fourth = mass @ features**4
            self.weights[r] = 1 / np.arange(1, found.degree + 1) / (1 + (FEWEST_ROWS * fourth / found.n) ** 2)
            self.weights[r, found.degrees[r] :] = 0
            numbers.append(invariants(features, mass, self.weights[r], found.n))
        self.invariants = np.array(numbers)
        self.rare = np.array([found.n - int(count.max()) for count in found.counts])


def _block(x: _Side, y: _Side, rows: slice, cols: slice, seed: int, permutations: int, device: str) -> Floats:
    n = x.columns.n
    left, right = x.columns.measure[rows], y.columns.measure[cols]
    degrees, other_degrees = x.columns.degrees[left], y.columns.degrees[right]
    observed = _statistic(
        scores(x.columns, rows, y.columns, cols, device),
        *(torch.from_numpy(side.weights[m]).to(device) for side, m in ((x, left), (y, right))),
    )
    null = moments(x.invariants[left], y.invariants[right], n)
    p = pearson_tail(observed, *null, degrees, other_degrees)
    p = _combined(p, _serial(x.columns, y.columns, rows, cols, device))
    few = x.rare[left, None] * y.rare[None, right] < FEWEST_MEETINGS * n
    few &= (degrees > 0)[:, None] & (other_degrees > 0)[None, :]
    if few.any():
        i, j = np.flatnonzero(few.any(1)), np.flatnonzero(few.any(0))
        place = np.ix_(i, j)
        halves = [
            (side.columns, side.weights, np.arange(part.start, part.stop)[chosen])
            for side, part, chosen in ((x, rows, i), (y, cols, j))
        ]
        larger = exceedances(*halves[0], *halves[1], observed[place], seed, permutations, device)
        p[place] = np.where(few[place], (larger + 1) / (permutations + 1 / p[place]), p[place])
    return np.minimum(p, 1.0)


def _statistic(S: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> Floats:
    """T (p, q) of scores (p, d, q, d) with weights (p, d), (q, d).

    Sums over planes of pairs, so that a pair's bits don't depend on the block's shape.
    """
    total = S.new_zeros(S.shape[0], S.shape[2])
    for k in range(S.shape[1]):
        for m in range(S.shape[3]):
            total += S[:, k, :, m] ** 2 * left[:, k, None] * right[None, :, m]
    return np.asarray(total.cpu().numpy())


def _serial(x: Columns, y: Columns, rows: slice, cols: slice, device: str) -> Floats:
    """The smaller p of the two serial correlations (p, q); NaN where there is none."""
    of_y = serial_correlation(x, rows, y, cols, device).cpu().numpy()
    of_x = serial_correlation(y, cols, x, rows, device).cpu().numpy().T
    across, down = np.sqrt(steps(x, rows))[:, None], np.sqrt(steps(y, cols))[None, :]
    z = np.maximum((of_y + 1 / x.n) * across, (of_x + 1 / x.n) * down)
    return np.asarray(np.maximum(ndtr(-z), LEAST_P))


def _combined(smooth: Floats, serial: Floats) -> Floats:
    """How often one of three independent tests with these shares would give as small a p."""
    least = np.minimum(smooth / SMOOTH, serial / SERIAL)
    some = -np.expm1(
        np.log1p(-np.minimum(SMOOTH * least, 1 - LEAST))
        + 2 * np.log1p(-np.minimum(SERIAL * least, 1 - LEAST))
    )
    return np.where(np.isnan(serial), smooth, some)


def _blocks(x: Columns, y: Columns, within: bool) -> Iterator[tuple[slice, slice]]:
    for i in range(0, x.size, BLOCK):
        for j in range(i if within else 0, y.size, BLOCK):
            yield slice(i, min(i + BLOCK, x.size)), slice(j, min(j + BLOCK, y.size))


def _pairs(rows: slice, cols: slice) -> int:
    return int((rows.stop - rows.start) * (cols.stop - cols.start))
