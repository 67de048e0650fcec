"""What every pair needs of its columns: ranks, a small grid, and orthonormal features of the ranks.

Ties, atoms, categories, counts and continuous values by one construction; only order and ties matter, so
an increasing map of a column changes nothing, bit for bit. A decreasing one reverses the ranks: of a tie
pattern and its mirror image one is chosen for both, and of a pattern that is its own mirror image (untied)
the features are even or odd functions of the score exactly, so that reversal only changes their signs.

1. Distinct values with counts; mid-rank u = (cumulative count - count/2)/n; score s = 2 Phi(Phi^-1(u)/1.3)
   - 1, which gives the tails more room than the rank itself.
2. Grid: the distinct scores with their masses if they fit, else the Gauss rule of the scores' measure.
3. Features: the orthonormal polynomials 1..d of that measure, on the rows and on the grid. K distinct
   values have K - 1 of them; (n - largest count)/5 are kept at most, and at least 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, xlogy

from estimator.mutual_information.gauss_rule import gauss_rule, lanczos, thinned

Floats = NDArray[np.float64]

STRETCH = 1.3
ROWS_PER_FEATURE = 5
COARSE_GRID, SMALL_GRID, LARGE_GRID = 16, 32, 48
# Measures are padded to a multiple of this many points and handled in batches of one size.
PADDING, BATCH = 64, 64


def highest_degree(n: int) -> int:
    """The degree beyond which n rows cannot support a feature."""
    for degree, rows in ((6, 200), (8, 600), (10, 3000)):
        if n < rows:
            return degree
    return 12


@dataclass(frozen=True)
class Grid:
    """G nodes for each of R measures: weights (R, G), features there (R, G, d), entropy (R,) in nats.

    Padding repeats a node with weight 0, so that it adds nothing to any sum nor to any maximum.
    """

    weights: Floats
    features: Floats
    entropy: Floats


@dataclass(frozen=True)
class Columns:
    """p columns of n rows, as features.

    measure: (p,) which of R measures a column has; columns with the same tie pattern share one (all
    untied ones do). codes: (p, n) the rank of each row's value among the distinct ones. counts: R arrays
    (K,), rows of each distinct value. mirrored: (R,) whether a measure is its own mirror. tables: R arrays
    (d, K), the features of each distinct value in whole multiples of `unit`. degrees: (R,) features kept.
    grids: by size.
    """

    n: int
    degree: int
    unit: float
    measure: NDArray[np.intp]
    codes: NDArray[np.int32]
    counts: tuple[NDArray[np.intp], ...]
    mirrored: NDArray[np.bool_]
    tables: tuple[NDArray[np.int32], ...]
    degrees: NDArray[np.intp]

    @property
    def size(self) -> int:
        return len(self.measure)

    @cached_property
    def grids(self) -> dict[int, Grid]:
        """The measures on COARSE_GRID and SMALL_GRID nodes, beyond degree 8 on LARGE_GRID nodes, too."""
        masses = [count / self.n for count in self.counts]
        return _grids(masses, self.degrees, self.mirrored, self.degree)

    def features(self, columns: slice, degree: int, rows: slice = slice(None)) -> Floats:
        """Features 1..degree in whole multiples of `unit`: (p, degree, rows), 0 where not kept."""
        chosen = range(*columns.indices(self.size))
        out = np.empty((len(chosen), degree, len(range(*rows.indices(self.n)))))
        for i, column in enumerate(chosen):
            table = self.tables[self.measure[column]]
            out[i] = table[:degree, self.codes[column, rows]]
        return out


def feature_unit(n: int) -> float:
    """The spacing of rounded features: a power of 2 so coarse that sums of n products are exact.

    Features have mean square 1 over the rows, so every partial sum of products f g is at most n in size;
    a float64 holds integers to 2^53. Then the scores of a pair are the same bits in any order of rows,
    block, thread or device. The rounding is 5e-7 of a standard deviation at n = 1,000.
    """
    return 2.0 ** -math.floor((52 - math.log2(n)) / 2)


def columns(X: Floats) -> Columns:
    """The features of X (n, p): finite, no column constant, n >= 2."""
    n, p = X.shape
    degree, unit = highest_degree(n), feature_unit(n)
    known: dict[bytes, int] = {}
    counts: list[NDArray[np.intp]] = []
    measure, codes = np.empty(p, dtype=np.intp), np.empty((p, n), dtype=np.int32)
    for j in range(p):
        _, codes[j], count = np.unique(X[:, j], return_inverse=True, return_counts=True)
        if _descends(count):
            count = count[::-1].copy()
            codes[j] = len(count) - 1 - codes[j]
        key = count.tobytes()
        if key not in known:
            known[key] = len(counts)
            counts.append(count)
        measure[j] = known[key]
    kept = [min(degree, len(c) - 1, max(1, (n - int(c.max())) // ROWS_PER_FEATURE)) for c in counts]
    mirrored = [np.array_equal(count, count[::-1]) for count in counts]
    exact = (_table(c / n, k, same, degree) for c, k, same in zip(counts, kept, mirrored, strict=True))
    return Columns(
        n=n,
        degree=degree,
        unit=unit,
        measure=measure,
        codes=codes,
        counts=tuple(counts),
        mirrored=np.array(mirrored, dtype=np.bool_),
        tables=tuple(np.rint(table.T / unit).astype(np.int32, order="C") for table in exact),
        degrees=np.array(kept, dtype=np.intp),
    )


def _scores(masses: Floats) -> Floats:
    middle = np.cumsum(masses) - masses / 2
    return np.asarray(2 * ndtr(ndtri(middle) / STRETCH) - 1)


def _descends(count: NDArray[np.intp]) -> bool:
    """Whether the mirror image of the counts comes first in the order of numbers."""
    unequal = np.flatnonzero(count != count[::-1])
    return bool(len(unequal) and count[unequal[0]] > count[-1 - unequal[0]])


def _table(masses: Floats, kept: int, mirrored: bool, degree: int) -> Floats:
    """Features of each distinct value: (K, degree), 0 from the `kept`-th on."""
    _, _, basis = lanczos(_scores(masses)[None], masses[None], kept + 1)
    table = np.zeros((len(masses), degree))
    table[:, :kept] = (basis[0, 1:] / np.sqrt(masses)).T
    if mirrored:
        signs = (-1.0) ** np.arange(1, degree + 1)
        table = (table + signs * table[::-1]) / 2
    return table


def _grids(
    masses: Sequence[Floats], kept: NDArray[np.intp], mirrored: NDArray[np.bool_], degree: int
) -> dict[int, Grid]:
    count, sizes = len(masses), (COARSE_GRID, SMALL_GRID, LARGE_GRID)[: 3 if degree > 8 else 2]
    weights = {size: np.zeros((count, size)) for size in sizes}
    features = {size: np.zeros((count, size, degree)) for size in sizes}
    for r in (r for r in range(count) if len(masses[r]) <= max(sizes)):
        K, table = len(masses[r]), _table(masses[r], int(kept[r]), bool(mirrored[r]), degree)
        for size in (size for size in sizes if size >= K):
            weights[size][r, :K] = masses[r]
            features[size][r, :K] = table
            features[size][r, K:] = table[-1]
    # The others in batches of one padded length, so that a rule depends on its own measure alone.
    batches: dict[tuple[int, int], list[tuple[int, Floats, Floats]]] = {}
    for r in (r for r in range(count) if len(masses[r]) > min(sizes)):
        points, mass = thinned(_scores(masses[r]), masses[r])
        largest = max(size for size in sizes if len(points) > size)
        padded = -(-len(points) // PADDING) * PADDING
        batches.setdefault((padded, largest), []).append((r, points, mass))
    for (padded, largest), members in batches.items():
        for start in range(0, len(members), BATCH):
            part = members[start : start + BATCH]
            known = np.zeros((2, len(part), padded))
            for i, (_, points, mass) in enumerate(part):
                known[:, i, : len(points)] = points, mass
            alpha, beta, _ = lanczos(known[0], known[1], largest)
            for size in (size for size in sizes if size <= largest):
                _, weight, values = gauss_rule(alpha[:, :size], beta[:, :size], degree)
                for i, (r, _, _) in enumerate(part):
                    weights[size][r] = weight[i]
                    features[size][r, :, : kept[r]] = values[i, :, : kept[r]]
    return {
        size: Grid(weights[size], features[size], -xlogy(weights[size], weights[size]).sum(axis=1))
        for size in sizes
    }
