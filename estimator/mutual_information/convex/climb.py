"""Choosing ridge and degree of every pair: up a ladder for as long as Akaike's criterion rises.

1. At degree 6 the ridge weakens along LADDER, warm-started, until v - edf/n first falls.
2. Then the degree rises by 2 at the ridge chosen, W padded with zeros, until the criterion falls (once it
   is tried again at ten times tau). Where v < .1, only if the new entries of the gradient g say so:
   n sum h g^2 > 2 sum h.
A rung whose v exceeds the smaller entropy of the two grids is rejected: no information is above it.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from estimator.mutual_information.columns import LARGE_GRID, SMALL_GRID
from estimator.mutual_information.convex.newton import Batch, Fit, newton
from estimator.mutual_information.convex.prior import LADDER, precision

FIRST_DEGREE = 6
FAINT = 0.1
RETRY = 10.0
START_NORM = 0.5
# Pairs a batch: what keeps its arrays in a core's cache; on a GPU, what fills it.
CPU_BATCH = {6: 256, 8: 128, 10: 64, 12: 48}
GPU_BATCH = {6: 16384, 8: 8192, 10: 4096, 12: 2048}


@dataclass(frozen=True)
class Sides:
    """Grids of all columns at hand: size -> weights (c, G), features (c, G, d), entropy (c,), float32.

    degrees: (c,) features kept.
    """

    weights: dict[int, Tensor]
    features: dict[int, Tensor]
    entropy: dict[int, Tensor]
    degrees: Tensor


@dataclass(frozen=True)
class Pairs:
    """The pairs to fit: columns left (B,) and right (B,) of `sides`, scores (B, d, d), of n rows."""

    n: int
    degree: int
    sides: Sides
    left: Tensor
    right: Tensor
    scores: Tensor


@dataclass(frozen=True)
class Climbed:
    """For each pair: the fit chosen with its tau and degree, and whether the degree's cap ended the climb."""

    fit: Fit
    tau: Tensor
    degree: Tensor
    capped: Tensor


def climb(pairs: Pairs) -> Climbed:
    """Fit every pair."""
    count, device = len(pairs.left), pairs.scores.device
    tau = torch.full((count,), LADDER[0], device=device)
    everyone = torch.arange(count, device=device)
    fit = _fitted(pairs, everyone, FIRST_DEGREE, tau, None)
    climbing = everyone
    for rung in LADDER[1:]:
        if len(climbing) == 0:
            break
        tried = _fitted(
            pairs, climbing, FIRST_DEGREE, torch.full_like(tau[climbing], rung), fit.take(climbing)
        )
        better = _better(pairs, climbing, FIRST_DEGREE, tried, fit)
        fit.put(climbing[better], tried.take(better.nonzero()[:, 0]))
        climbing = climbing[better]
        tau[climbing] = rung
    return _raise_degree(pairs, fit, tau)


def _raise_degree(pairs: Pairs, fit: Fit, tau: Tensor) -> Climbed:
    degree = torch.full_like(pairs.left, FIRST_DEGREE)
    retried = torch.zeros_like(pairs.left, dtype=torch.bool)
    climbing = torch.arange(len(tau), device=tau.device)
    for d in range(FIRST_DEGREE + 2, pairs.degree + 1, 2):
        climbing = climbing[_worth(pairs, climbing, d, tau, fit)]
        if len(climbing) == 0:
            break
        fit = _padded(pairs, climbing, fit, d)
        tried = _fitted(pairs, climbing, d, tau[climbing], fit.take(climbing))
        better = _better(pairs, climbing, d, tried, fit)
        fit.put(climbing[better], tried.take(better.nonzero()[:, 0]))
        again = (~better & ~retried[climbing]).nonzero()[:, 0]
        if len(again):
            members = climbing[again]
            retried[members] = True
            weaker = tau[members] * RETRY
            tried = _fitted(pairs, members, d, weaker, fit.take(members))
            second = _better(pairs, members, d, tried, fit)
            fit.put(members[second], tried.take(second.nonzero()[:, 0]))
            tau[members[second]] = weaker[second]
            better[again[second]] = True
        climbing = climbing[better]
        degree[climbing] = d
    capped = (degree == pairs.degree) & (pairs.degree > FIRST_DEGREE)
    return Climbed(fit, tau, degree, capped)


def _grid_size(degree: int) -> int:
    return SMALL_GRID if degree <= 8 else LARGE_GRID


def _batch(pairs: Pairs, index: Tensor, degree: int, tau: Tensor) -> Batch:
    size, side = _grid_size(degree), pairs.sides
    left, right = pairs.left[index], pairs.right[index]
    return Batch(
        scores=pairs.scores.index_select(0, index)[:, :degree, :degree].contiguous(),
        left=_features(side, left, size, degree),
        right=_features(side, right, size, degree),
        left_weights=side.weights[size][left],
        right_weights=side.weights[size][right],
        ridge=precision(degree, pairs.n, tau).float(),
    )


def _fitted(pairs: Pairs, index: Tensor, degree: int, tau: Tensor, start: Fit | None) -> Fit:
    """The pairs `index` at one degree and tau each, batch by batch; start: their warm starts."""

    def one(part: slice) -> Fit:
        batch = _batch(pairs, index[part], degree, tau[part])
        if start is not None:
            return newton(batch, start.W[part], start.a[part], start.b[part])
        W = batch.scores / (1 + batch.ridge)
        W *= (START_NORM / W.norm(dim=(1, 2))).clamp_max(1.0)[:, None, None]
        return newton(batch, W, torch.zeros_like(batch.left_weights), torch.zeros_like(batch.left_weights))

    on_cpu = index.device.type == "cpu"
    size = (CPU_BATCH if on_cpu else GPU_BATCH)[degree]
    parts = [slice(i, i + size) for i in range(0, len(index), size)]
    return Fit.joined(list(_map(one, parts, torch.get_num_threads() if on_cpu else 1)))


def _map(one: Callable[[slice], Fit], parts: list[slice], threads: int) -> Iterable[Fit]:
    """In as many threads as torch may use, each running torch on one: small matrices gain nothing within."""
    if threads == 1:
        return map(one, parts)
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(one, parts))
    finally:
        torch.set_num_threads(threads)


def _better(pairs: Pairs, index: Tensor, degree: int, tried: Fit, before: Fit) -> Tensor:
    """Where Akaike's criterion rose, and v stayed possible."""
    entropy = pairs.sides.entropy[_grid_size(degree)]
    possible = tried.value <= torch.minimum(entropy[pairs.left[index]], entropy[pairs.right[index]])
    rose = tried.value - tried.edf / pairs.n > (before.value - before.edf / pairs.n)[index]
    return possible & rose


def _worth(pairs: Pairs, index: Tensor, degree: int, tau: Tensor, fit: Fit) -> Tensor:
    """Which pairs have features of the next degree, and where v < FAINT a gradient there worth following."""
    below, kept = degree - 2, pairs.sides.degrees
    worth = torch.maximum(kept[pairs.left[index]], kept[pairs.right[index]]) > below
    faint = (worth & (fit.value[index] < FAINT)).nonzero()[:, 0]
    if len(faint) == 0:
        return worth
    members = index[faint]
    now = _batch(pairs, members, below, tau[members])
    size, side = _grid_size(below), pairs.sides
    A, B = (_features(side, of[members], size, degree) for of in (pairs.left, pairs.right))
    T = (now.left @ fit.W[members]) @ now.right.mT + fit.a[members][:, :, None] + fit.b[members][:, None, :]
    p = T.exp() * now.left_weights[:, :, None] * now.right_weights[:, None, :]
    gradient = pairs.scores[members, :degree, :degree] - A.mT @ p @ B
    h = 1 / (1 + precision(degree, pairs.n, tau[members]))
    h[:, :below, :below] = 0
    # entries of features that a column doesn't have count for nothing
    h *= (A.abs().amax(1) > 0)[:, :, None] & (B.abs().amax(1) > 0)[:, None, :]
    worth[faint] = (pairs.n * (h * gradient**2).sum((1, 2))) > 2 * h.sum((1, 2))
    return worth


def _padded(pairs: Pairs, index: Tensor, fit: Fit, degree: int) -> Fit:
    """The fits with room for the next degree; a and b of `index` on its grid.

    On a larger grid a(x) = -log sum_y w_y exp(A(x)'W B(y) + b(y)) over the old nodes y, and b likewise:
    what a Sinkhorn sweep would give at the new nodes.
    """
    W = torch.nn.functional.pad(fit.W, (0, 2, 0, 2))
    size, old_size = _grid_size(degree), _grid_size(degree - 2)
    a, b = fit.a, fit.b
    if size != old_size:
        a, b = (t.new_zeros(len(t), size) for t in (a, b))
        old, new = (
            [_features(pairs.sides, of[index], s, degree - 2) for of in (pairs.left, pairs.right)]
            for s in (old_size, size)
        )
        left_weights, right_weights = (
            pairs.sides.weights[old_size][i[index]] for i in (pairs.left, pairs.right)
        )
        towards = fit.W[index]
        T = (new[0] @ towards) @ old[1].mT + (fit.b[index] + right_weights.log())[:, None, :]
        a[index] = -T.logsumexp(2)
        T = (old[0] @ towards) @ new[1].mT + (fit.a[index] + left_weights.log())[:, :, None]
        b[index] = -T.logsumexp(1)
    return Fit(W, a, b, fit.value, fit.edf, fit.spread, fit.variance)


def _features(sides: Sides, columns: Tensor, size: int, degree: int) -> Tensor:
    """(B, size, degree), contiguous: the bits of a product can depend on the strides."""
    return sides.features[size].index_select(0, columns)[:, :, :degree].contiguous()
