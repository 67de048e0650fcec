"""What the rows say of every pair of columns, in sums that are exact.

Features are whole multiples of a unit so coarse that float64 sums of their products don't round (`columns`):
the same bits whatever the order of rows, the block, the threads or the device.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from estimator.mutual_information.columns import Columns

Floats = NDArray[np.float64]

# Features at hand at once.
MOST_BYTES = 2**26
# A column with this share of values that occur once has an order worth following.
LONELY = 0.9


def scores(x: Columns, rows: slice, y: Columns, columns: slice, device: str) -> Tensor:
    """S_kl, the mean over the rows of f_k(x) f_l(y), of x's columns `rows` by y's `columns`: (p, d, q, d)."""
    p, q, d, n = _size(x, rows), _size(y, columns), x.degree, x.n
    total = torch.zeros(p * d, q * d, dtype=torch.float64, device=device)
    step = max(1, MOST_BYTES // (8 * d * max(p, q, 1)))
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        F, G = (
            torch.from_numpy(side.features(chosen, d, part)).to(device).reshape(-1, part.stop - start)
            for side, chosen in ((x, rows), (y, columns))
        )
        total.addmm_(F, G.mT)
    return total.mul_(x.unit**2 / n).reshape(p, d, q, d)


def serial_correlation(x: Columns, rows: slice, y: Columns, columns: slice, device: str) -> Tensor:
    """r (p, q): the correlation of f_1(y) from one row to the next in the order of x.

    One minus von Neumann's ratio (1941, doi:10.1214/aoms/1177731677), by ranks: 0 under independence, with
    variance 1/`steps`; Var(E[f_1(y)|x]) for a dependence of any shape that the rows resolve, oscillation
    included. NaN unless both columns are nearly free of ties.
    """
    p, n = _size(x, rows), x.n
    lonely, other = lonely_columns(x)[rows], lonely_columns(y)[columns]
    r = torch.full((p, len(other)), torch.nan, dtype=torch.float64, device=device)
    chosen = np.flatnonzero(other) + columns.start
    step = max(1, MOST_BYTES // (4 * 8 * n))  # four such arrays
    for start in range(0, len(chosen), step):
        part = chosen[start : start + step]
        F = torch.from_numpy(np.concatenate([y.features(slice(j, j + 1), 1)[0] for j in part])).to(device)
        at = torch.from_numpy(part - columns.start).to(device)
        for i in np.flatnonzero(lonely):
            order, follows = _order(x, rows.start + int(i))
            G = F.index_select(1, torch.from_numpy(order).to(device))
            kept = torch.from_numpy(follows).to(device)
            before, after = G[:, :-1] * kept, G[:, 1:] * kept
            product = (before * G[:, 1:]).sum(1)
            squares = ((before * before).sum(1) + (after * after).sum(1)) / 2
            r[i, at] = product / squares
    return r


def steps(x: Columns, rows: slice) -> NDArray[np.intp]:
    """How many steps from one lonely value to the next `serial_correlation` is a mean of: (p,)."""
    chosen = range(*rows.indices(x.size))
    lonely = lonely_columns(x)
    return np.array([int(_order(x, j)[1].sum()) if lonely[j] else 0 for j in chosen], dtype=np.intp)


def lonely_columns(x: Columns) -> NDArray[np.bool_]:
    """Which columns have hardly a tie: (p,)."""
    shares = np.array([(count == 1).sum() / x.n for count in x.counts])
    return np.asarray(shares[x.measure] >= LONELY)


def _order(x: Columns, column: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Rows with a value of their own by that value, and whether each is followed by the next value's row."""
    codes = x.codes[column]
    alone = np.flatnonzero(x.counts[x.measure[column]][codes] == 1)
    order = alone[np.argsort(codes[alone])]
    return order, (np.diff(codes[order]) == 1).astype(np.float64)


def _size(x: Columns, part: slice) -> int:
    return len(range(*part.indices(x.size)))
