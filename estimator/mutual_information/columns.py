"""What every pair needs of its columns: ranks, a small grid, and orthonormal features of the ranks.

Ties, atoms, categories, counts and continuous values by one construction; only order and ties matter, so
an increasing map of a column changes nothing, bit for bit. A decreasing one reverses the ranks: of a tie
pattern and its mirror image one is chosen for both, and of a pattern that is its own mirror image (untied)
the features are even or odd functions of the score exactly, so that reversal only changes their signs.

1. Distinct values with counts; mid-rank u = (cumulative count - count/2)/n; score s = 2 Phi(Phi^-1(u)/1.3)
   - 1, which gives the tails more room than the rank itself (`ranks`).
2. Grid: the distinct scores with their masses if they fit, else the Gauss rule of the scores' measure.
3. Features: the orthonormal polynomials 1..d of that measure, on the rows and on the grid. K distinct
   values have K - 1 of them; (n - largest count)/5 are kept at most, and at least 1 (`polynomials`).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from estimator.mutual_information.polynomials import Grid, Measures, grids, tables
from estimator.mutual_information.ranks import ranked
from estimator.mutual_information.threads import torch_on_one_thread

Floats = NDArray[np.float64]

ROWS_PER_FEATURE = 5


def highest_degree(n: int) -> int:
    """The degree beyond which n rows cannot support a feature."""
    for degree, rows in ((6, 200), (8, 600), (10, 3000)):
        if n < rows:
            return degree
    return 12


@dataclass(frozen=True)
class Columns:
    """p columns of n rows, as features.

    measure: (p,) which of R `measures` a column has; columns with the same tie pattern share one (all
    untied ones do). codes: (p, n) the rank of each row's value among the distinct ones. counts: R arrays
    (K,), rows of each distinct value. tables: R arrays (d, K), the features of each distinct value in whole
    multiples of `unit`. grids: by size.
    """

    n: int
    degree: int
    unit: float
    device: str
    measure: NDArray[np.intp]
    codes: NDArray[np.int32]
    counts: tuple[NDArray[np.intp], ...]
    measures: Measures
    tables: tuple[NDArray[np.int32], ...]

    @property
    def size(self) -> int:
        return len(self.measure)

    @property
    def degrees(self) -> NDArray[np.intp]:
        """(R,) features kept."""
        return self.measures.kept

    @property
    def mirrored(self) -> NDArray[np.bool_]:
        """(R,) whether a measure is its own mirror image."""
        return self.measures.mirrored

    @cached_property
    def grids(self) -> dict[int, Grid]:
        """By the number of nodes."""
        with torch_on_one_thread(self.device):
            return grids(self.measures, self.degree, self.device)

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


def columns(X: Floats, device: str = "cpu") -> Columns:
    """The features of X (n, p): finite, no column constant, n >= 2. device: where they are computed."""
    n, _ = X.shape
    degree, unit = highest_degree(n), feature_unit(n)
    with torch_on_one_thread(device):
        codes, found = ranked(X, device)
        known: dict[bytes, int] = {}
        measure = np.array([known.setdefault(count.tobytes(), len(known)) for count in found], dtype=np.intp)
        counts = [found[j] for j in np.unique(measure, return_index=True)[1]]
        kept = [min(degree, len(c) - 1, max(1, (n - int(c.max())) // ROWS_PER_FEATURE)) for c in counts]
        measures = Measures(
            masses=[count / n for count in counts],
            kept=np.array(kept, dtype=np.intp),
            mirrored=np.array([np.array_equal(count, count[::-1]) for count in counts], dtype=np.bool_),
        )
        exact = tables(measures, degree, device)
    return Columns(
        n=n,
        degree=degree,
        unit=unit,
        device=device,
        measure=measure,
        codes=codes,
        counts=tuple(counts),
        measures=measures,
        tables=tuple(np.rint(table.T / unit).astype(np.int32, order="C") for table in exact),
    )
