"""The ranks of a column, which are all that an estimate sees of it: codes, counts, scores."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

STRETCH = 1.3
# Columns sorted at once: values and places take 24 bytes each.
SORTED_BYTES = {"cpu": 2**26, "cuda": 2**31}


def ranked(X: Floats, device: str) -> tuple[NDArray[np.int32], list[NDArray[np.intp]]]:
    """codes (p, n): which of the distinct values of its column a row has, in their order; and the number of
    rows that have each, one array (K,) a column. X: (n, p), finite.

    Of a tie pattern and its mirror image one stands for both: where the counts read from the other end come
    first in the order of numbers, the codes count from that end.
    """
    n, p = X.shape
    codes = np.empty((p, n), dtype=np.int32)
    step = max(1, SORTED_BYTES[device] // (24 * n))
    for start in range(0, p, step):
        part = slice(start, start + step)
        values, place = torch.from_numpy(np.ascontiguousarray(X[:, part].T)).to(device).sort(dim=1)
        rank = torch.zeros_like(place)
        torch.cumsum(values[:, 1:] != values[:, :-1], 1, out=rank[:, 1:])
        codes[part] = torch.empty_like(rank).scatter_(1, place, rank).int().cpu().numpy()
    counts = [np.bincount(code) for code in codes]
    for j, count in enumerate(counts):
        if _descends(count):
            counts[j] = count[::-1].copy()
            np.subtract(len(count) - 1, codes[j], out=codes[j])
    return codes, counts


def scores_of(masses: Floats) -> Floats:
    """s = 2 Phi(Phi^-1(u)/1.3) - 1 of the mid-ranks u of distinct values with these masses (K,): in (-1, 1),
    with more room for the tails than the ranks give."""
    middle = np.cumsum(masses) - masses / 2
    return np.asarray(2 * ndtr(ndtri(middle) / STRETCH) - 1)


def _descends(count: NDArray[np.intp]) -> bool:
    """Whether the mirror image of the counts comes first in the order of numbers."""
    unequal = np.flatnonzero(count != count[::-1])
    return bool(len(unequal) and count[unequal[0]] > count[-1 - unequal[0]])
