"""Exact mean, variance and third central moment of T = sum_ij a_ij b_p(i)p(j) over all permutations p.

A and B are symmetric n x n with rows that sum to 0. E[T^m] is a sum over the set partitions of the 2m
indices: a partition says which of them are equal; its A- and B-sums over distinct indices are multiplied, and
divided by n!/(n - blocks)!. Sums over distinct indices follow from plain ones by Moebius inversion on the
lattice of partitions. A plain sum is a graph with m edges, and 0 where a vertex has one edge only (rows sum
to 0); for m <= 3 twelve graphs are left, so that the moments are bilinear in twelve numbers of each side.
Kazi-Aoual, Hitier, Sabatier and Lebreton 1995 (doi:10.1016/0167-9473(94)00064-2) wrote the result out.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from math import factorial, perm

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Partition = tuple[int, ...]  # the block of each index, numbered in order of appearance

# The graphs by what they sum: T1 = tr A, T2 = tr A^2, S2 = sum a_ii^2; the last five over all i and j.
INVARIANTS = (
    "T1",
    "T1^2",
    "T2",
    "S2",
    "T1^3",
    "T1 T2",
    "T1 S2",
    "aii^3",
    "aii aij^2",
    "aij^3",
    "aii aij ajj",
    "tr A^3",
)


def moments(left: Floats, right: Floats, n: int) -> tuple[Floats, Floats, Floats]:
    """Mean, variance, third central moment, each (p, q), for invariants (p, 12) and (q, 12) of n rows."""
    first, second, third = (_bilinear(left, right, m, n) for m in (1, 2, 3))
    variance = second - first**2
    return first, variance, third - 3 * first * variance - first**3


def _bilinear(left: Floats, right: Floats, m: int, n: int) -> Floats:
    """E[T^m] of each pair; elementwise, so that a pair's bits don't depend on its neighbours."""
    total = np.zeros((len(left), len(right)))
    for s, t, c in zip(*_form(m, n), strict=True):
        total += c * left[:, s, None] * right[None, :, t]
    return total


@cache
def _form(m: int, n: int) -> tuple[list[int], list[int], list[float]]:
    """E[T^m] = sum of c * (invariant s of A) * (invariant t of B)."""
    partitions = list(_partitions(2 * m))
    distinct = np.zeros((len(partitions), len(INVARIANTS)))
    for row, fine in zip(distinct, partitions, strict=True):
        for merging in _partitions(max(fine) + 1):
            coarse = tuple(merging[block] for block in fine)
            graph = _graph(coarse)
            if graph is not None:
                sizes = Counter(merging).values()
                row[graph] += np.prod([(-1) ** (size - 1) * factorial(size - 1) for size in sizes])
    # n!/(n - blocks)! is 0 for more blocks than rows: such indices cannot be distinct, and their sums are 0.
    weights = np.array([1 / perm(n, max(p) + 1) if max(p) < n else 0.0 for p in partitions])
    form = (distinct * weights[:, None]).T @ distinct
    s, t = np.nonzero(form)
    return list(s), list(t), list(form[s, t])


def _partitions(size: int) -> Iterator[Partition]:
    """All set partitions of `size` indices."""

    def extend(start: Partition, blocks: int) -> Iterator[Partition]:
        if len(start) == size:
            yield start
            return
        for block in range(blocks + 1):
            yield from extend((*start, block), max(blocks, block + 1))

    return extend((), 0)


def _graph(partition: Partition) -> int | None:
    """Which invariant the plain sum over a_(0,1) a_(2,3) a_(4,5) is; None where it is 0."""
    edges = [tuple(sorted(partition[i : i + 2])) for i in range(0, len(partition), 2)]
    degrees = Counter(partition)
    if min(degrees.values()) == 1:
        return None
    loops = sorted((Counter(i for i, j in edges if i == j)).values())
    pairs = Counter(edge for edge in edges if edge[0] != edge[1])
    vertices = len(degrees)
    name = {
        (1, 1, 0): "T1",
        (2, 2, 0): "T1^2",
        (2, 0, 2): "T2",
        (1, 2, 0): "S2",
        (3, 3, 0): "T1^3",
        (3, 1, 2): "T1 T2",
        (2, 3, 0): "T1 S2",
        (1, 3, 0): "aii^3",
        (2, 1, 2): "aii aij^2",
        (2, 0, 3): "aij^3",
        (2, 2, 1): "aii aij ajj",
        (3, 0, 3): "tr A^3",
    }[vertices, sum(loops), sum(pairs.values())]
    return INVARIANTS.index(name)


def invariants(features: Floats, masses: Floats, weights: Floats, n: int) -> Floats:
    """The INVARIANTS of A = F V F'/n: features (K, d) of the distinct values, masses (K,), V = diag(weights).

    The features are orthonormal with mean 0 under the masses, which are shares of the n rows.
    """
    v = weights
    own = features**2 @ v  # n a_ii
    squared = features**2 @ v**2  # n (A^2)_ii
    weighted = features * masses[:, None]
    third = np.stack([(weighted * f[:, None]).T @ features for f in features.T])
    T1, T2, S2 = v.sum(), (v**2).sum(), masses @ own**2 / n
    towards = (masses * own) @ features
    cubes = np.einsum("klm,k,l,m->", third**2, v, v, v)
    return np.array(
        [T1, T1**2, T2, S2, T1**3, T1 * T2, T1 * S2, masses @ own**3 / n**2, masses @ (own * squared) / n,
         cubes / n, (v * towards**2).sum() / n, (v**3).sum()]
    )  # fmt: skip
