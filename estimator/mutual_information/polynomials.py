"""Orthonormal polynomials of the measures of many columns, at their own values and on grids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import xlogy
from torch import Tensor

from estimator.mutual_information.gauss_rule import gauss_rule, lanczos, thinned
from estimator.mutual_information.ranks import scores_of

Floats = NDArray[np.float64]

COARSE_GRID, SMALL_GRID, LARGE_GRID = 16, 32, 48
# Measures are padded to a multiple of this many points and handled in batches of one size.
PADDING = 64
BATCH_BYTES = {"cpu": 2**24, "cuda": 2**31}


@dataclass(frozen=True)
class Grid:
    """G nodes for each of R measures: weights (R, G), features there (R, G, d), entropy (R,) in nats.

    Padding repeats a node with weight 0, so that it adds nothing to any sum nor to any maximum.
    """

    weights: Floats
    features: Floats
    entropy: Floats


@dataclass(frozen=True)
class Measures:
    """R measures: masses, R arrays (K,), in the order of the values; kept (R,): features they have;
    mirrored (R,): whether one is its own mirror image, so that its features are even or odd exactly."""

    masses: Sequence[Floats]
    kept: NDArray[np.intp]
    mirrored: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.masses)

    def take(self, index: Sequence[int]) -> "Measures":
        return Measures([self.masses[r] for r in index], self.kept[list(index)], self.mirrored[list(index)])


def tables(measures: Measures, degree: int, device: str) -> list[Floats]:
    """Features 1..degree of each distinct value: R arrays (K, degree), 0 from the `kept`-th on."""
    found = [np.zeros((len(masses), degree)) for masses in measures.masses]
    groups: dict[tuple[int, int], list[int]] = {}
    for r, masses in enumerate(measures.masses):
        groups.setdefault((_padded(len(masses)), int(measures.kept[r])), []).append(r)
    signs = (-1.0) ** np.arange(1, degree + 1)
    for (padded, kept), members in groups.items():
        for part in _batches(members, padded * (kept + 1), device):
            known = [_measure(measures.masses[r]) for r in part]
            basis = lanczos(*_stacked(known, padded, device), kept + 1)[2].cpu().numpy()
            for r, vectors in zip(part, basis, strict=True):
                masses, table = measures.masses[r], found[r]
                table[:, :kept] = (vectors[1:, : len(masses)] / np.sqrt(masses)).T
                if measures.mirrored[r]:
                    table[:] = (table + signs * table[::-1]) / 2
    return found


def grids(measures: Measures, degree: int, device: str) -> dict[int, Grid]:
    """The measures on COARSE_GRID and SMALL_GRID nodes, beyond degree 8 on LARGE_GRID nodes, too.

    The nodes are the distinct scores with their masses where they fit, else those of the Gauss rule.
    """
    count, sizes = len(measures), (COARSE_GRID, SMALL_GRID, LARGE_GRID)[: 3 if degree > 8 else 2]
    weights = {size: np.zeros((count, size)) for size in sizes}
    features = {size: np.zeros((count, size, degree)) for size in sizes}
    few = [r for r in range(count) if len(measures.masses[r]) <= max(sizes)]
    for r, table in zip(few, tables(measures.take(few), degree, device), strict=True):
        K = len(table)
        for size in (size for size in sizes if size >= K):
            weights[size][r, :K] = measures.masses[r]
            features[size][r, :K] = table
            features[size][r, K:] = table[-1]
    many = [r for r in range(count) if len(measures.masses[r]) > min(sizes)]
    found = list(_jacobi(measures, many, sizes, device))
    for size in sizes:
        members = [r for part, largest, _ in found if largest >= size for r in part]
        if not members:
            continue
        alpha, beta = (
            torch.cat([both[side][:, :size] for _, largest, both in found if largest >= size])
            for side in (0, 1)
        )
        _, weight, values = (a.cpu().numpy() for a in gauss_rule(alpha, beta, degree))
        weights[size][members] = weight
        absent = np.arange(degree) >= measures.kept[members][:, None, None]
        features[size][members] = np.where(absent, 0.0, values)
    return {
        size: Grid(weights[size], features[size], -xlogy(weights[size], weights[size]).sum(axis=1))
        for size in sizes
    }


def _jacobi(
    measures: Measures, members: Sequence[int], sizes: Sequence[int], device: str
) -> Iterator[tuple[list[int], int, tuple[Tensor, Tensor]]]:
    """Batches of members with the largest grid that each has points for, and their Jacobi coefficients.

    In batches of one padded length, so that a rule depends on its own measure alone.
    """
    whole = [_measure(measures.masses[r]) for r in members]
    points = dict(zip(members, thinned(whole, device), strict=True))
    groups: dict[tuple[int, int], list[int]] = {}
    for r, (at, _) in points.items():
        largest = max(size for size in sizes if len(at) > size)
        groups.setdefault((_padded(len(at)), largest), []).append(r)
    for (padded, largest), group in groups.items():
        for part in _batches(group, padded * largest, device):
            alpha, beta, _ = lanczos(*_stacked([points[r] for r in part], padded, device), largest)
            yield part, largest, (alpha, beta)


def _padded(points: int) -> int:
    return -(-points // PADDING) * PADDING


def _batches(members: list[int], numbers: int, device: str) -> Iterator[list[int]]:
    """The members, so many at a time as the bytes of so many numbers each allow."""
    step = max(1, BATCH_BYTES[device] // (8 * numbers))
    return (members[start : start + step] for start in range(0, len(members), step))


def _measure(masses: Floats) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(scores_of(masses)), torch.from_numpy(masses)


def _stacked(known: Sequence[tuple[Tensor, Tensor]], padded: int, device: str) -> tuple[Tensor, Tensor]:
    """Points and masses (B, padded), with points of mass 0 behind."""
    stacked = torch.zeros(2, len(known), padded, dtype=torch.float64)
    for i, (points, masses) in enumerate(known):
        stacked[0, i, : len(points)], stacked[1, i, : len(points)] = points, masses
    points, masses = stacked.to(device)
    return points, masses
