"""Pairs fitted at one degree and ridge each: in batches, on grids, in as many rounds as each needs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from estimator.mutual_information.convex.fit import Fit
from estimator.mutual_information.convex.newton import approach, judged, newton
from estimator.mutual_information.convex.prior import precision
from estimator.mutual_information.convex.sinkhorn import Batch, alone
from estimator.mutual_information.polynomials import COARSE_GRID, LARGE_GRID, SMALL_GRID

Part = TypeVar("Part")

FIRST_DEGREE = 6
# Rounds after the first at most: pairs that need more are sharp, and said to be lower bounds.
ROUNDS = 3
START_NORM = 0.5
# Pairs a batch: enough for an operation to take longer than the call of it. On a GPU 4 to 8 GB whatever is
# free, for the bits of a pair there can depend on the batch; where it is too much, blocks are halved.
CPU_BATCH = {6: 512, 8: 256, 10: 128, 12: 64}
GPU_BATCH = {6: 65536, 8: 16384, 10: 8192, 12: 4096}


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
    """The pairs to fit: columns left (B,) and right (B,) of `sides`, scores (B, d, d), of n rows.

    threads: how many to work in.
    """

    n: int
    degree: int
    sides: Sides
    left: Tensor
    right: Tensor
    scores: Tensor
    threads: int


def criterion(pairs: Pairs, fit: Fit) -> Tensor:
    """Akaike's, a row: v - edf/n."""
    return fit.value - fit.edf / pairs.n


def grid_size(degree: int) -> int:
    return SMALL_GRID if degree <= 8 else LARGE_GRID


def batch_of(pairs: Pairs, index: Tensor, degree: int, tau: Tensor, size: int | None = None) -> Batch:
    """The pairs `index` at one degree and tau each, on grids of `size` nodes, or of those of the degree."""
    grid = _on_grid(pairs, index, degree, size or grid_size(degree))
    scores = pairs.scores.index_select(0, index)[:, :degree, :degree].contiguous()
    return Batch(scores, *grid, precision(degree, pairs.n, tau).float(), pairs.n)


def _on_grid(pairs: Pairs, index: Tensor, degree: int, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features and weights of the nodes of both sides."""
    side, ends = pairs.sides, (pairs.left[index], pairs.right[index])
    A, B = (features_of(side, columns, size, degree) for columns in ends)
    w_x, w_y = (side.weights[size].index_select(0, columns) for columns in ends)
    return A, B, w_x, w_y


def features_of(sides: Sides, columns: Tensor, size: int, degree: int) -> Tensor:
    """(B, size, degree), contiguous: the bits of a product can depend on the strides."""
    return sides.features[size][:, :, :degree].contiguous().index_select(0, columns)


def fitted(pairs: Pairs, index: Tensor, degree: int, tau: Tensor, start: Fit | None) -> Fit:
    """The pairs `index` at one degree and tau each, batch by batch; start: their warm starts.

    What needs another round is batched anew: small batches cost nearly as much as full ones.
    """
    ahead = degree == FIRST_DEGREE
    everyone = torch.arange(len(index), device=index.device)

    def one(part: slice) -> Fit:
        at = alone(everyone[part])
        warm = None if start is None else start.take(at)
        return _first_round(pairs, index[at], degree, tau[at], warm).slice(slice(len(everyone[part])))

    def more(part: slice) -> Fit:
        at = alone(slow[part])
        batch = batch_of(pairs, index[at], degree, tau[at])
        return newton(batch, fit.take(at), ahead=ahead, careful=done > 0)[0].slice(slice(len(slow[part])))

    fit, done = Fit.joined(each(one, pairs, len(index), degree)), 0
    while done < ROUNDS and len(slow := (fit.left > 0).nonzero()[:, 0]):
        fit.put(slow, Fit.joined(each(more, pairs, len(slow), degree)))
        done += 1
    return fit


def _first_round(pairs: Pairs, index: Tensor, degree: int, tau: Tensor, start: Fit | None) -> Fit:
    """On a coarser grid where that will do for H, which is what costs; then judged on the degree's own."""
    own = grid_size(degree)
    if start is not None and degree > FIRST_DEGREE:
        size = start.a.shape[1]
        coarse = batch_of(pairs, index, degree, tau, size)
        found, known = newton(coarse, start, bar=criterion(pairs, start))
        if size == own:
            return found
        fine = batch_of(pairs, index, degree, tau)
        moved = judged(fine, _carried(coarse, fine, found), known, found.left)
        dropped = found.value == -torch.inf
        value = torch.where(dropped, found.value, moved.value)
        promise = torch.where(dropped, found.promise, torch.inf)
        left = torch.where(dropped, 0.0, moved.left)
        return replace(moved, value=value, promise=promise, left=left)
    fine, coarse = (batch_of(pairs, index, degree, tau, size) for size in (own, COARSE_GRID))
    if start is None:
        W = coarse.scores / (1 + coarse.ridge)
        W *= (START_NORM / W.norm(dim=(1, 2))).clamp_max(1.0)[:, None, None]
        start = Fit.start(W, torch.zeros_like(coarse.left_weights), torch.zeros_like(coarse.right_weights))
    else:
        start = _carried(fine, coarse, start)
    rough, known = approach(coarse, start)
    return judged(fine, _carried(coarse, fine, rough), known, rough.left, ahead=True)


def _carried(old: Batch, new: Batch, fit: Fit) -> Fit:
    """With a and b at the nodes of another grid.

    a(x) = -log sum_y w_y exp(A(x)'W B(y) + b(y)) over the old nodes y, and b likewise: what a Sinkhorn sweep
    would give at the new nodes.
    """
    T = (new.left @ fit.W) @ old.right.mT + (fit.b + old.right_weights.log())[:, None, :]
    a = -T.logsumexp(2)
    T = (old.left @ fit.W) @ new.right.mT + (fit.a + old.left_weights.log())[:, :, None]
    return replace(fit, a=a, b=-T.logsumexp(1))


def each(one: Callable[[slice], Part], pairs: Pairs, count: int, degree: int) -> list[Part]:
    """Of slices of a count of pairs, in `pairs.threads` threads, in each of which torch has one."""
    size = (CPU_BATCH if pairs.scores.device.type == "cpu" else GPU_BATCH)[degree]
    parts = [slice(i, i + size) for i in range(0, count, size)]
    if pairs.threads == 1 or len(parts) == 1:
        return [one(part) for part in parts]
    with ThreadPoolExecutor(pairs.threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(one, parts))
