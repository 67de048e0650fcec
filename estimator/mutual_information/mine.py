"""MINE: train a critic to tighten the Donsker-Varadhan bound on I(X; Y).

Choose it: to repeat the paper, or to check `convex` with a learned critic.
Not for: speed or repeatability first (`convex`), very sharp dependence (`ksg`).
Belghazi et al. 2018, arXiv:1801.04062: I(X; Y) >= E_joint[T] - ln E_product[exp T] (eq. 4, 10), T a neural
network, trained by gradient ascent (eq. 12). Every pair at once, (p, q), in nats. Here:

1. Columns as scores of their ranks, at 32 levels for training, so that the product's expectation is an exact
   sum over a grid: no minibatch, no biased gradient, no moving average.
2. One small network a pair (`critics`), all trained together in batched matrix products.
3. Cross-fitting: the rows are split in two (by seed); a critic is trained on either half and stopped where
   the bound on the other half is highest.
4. The bound of each critic on all rows, at 128 levels, a(x) + b(y) added in the best way (Sinkhorn: the
   margins are known, so nothing is over-fitted); the mean of both critics is reported. Over-fit raises the
   value on the half trained on by as much as it lowers the value on the other, to first order, so that it
   cancels in the value on all rows.
5. se^2 = Var(T)/n + (difference of the two critics / 2)^2 + (over-fit / 4)^2 + (2/n)^2; over-fit is
   the value on rows trained on minus the value on the others.

`lower_bound` is set where the ascent was still rising when its steps ended, and above half of ln 32 nats
where both columns have more values than levels, for the critic sees no finer. All pairs start from the same
units, so a pair's value depends on its two columns, the seed and the order of the rows alone; x and y
exchanged give the same value but for what rounding does to the training of sharp pairs.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from estimator.mutual_information.bins import binned
from estimator.mutual_information.critics import (
    Critics,
    Side,
    ascend,
    balanced,
    critic_values,
    first_units,
    log_mean_exp,
    starting_basis,
)
from estimator.mutual_information.result import BlockEstimate
from estimator.options import refuse

TRAINING_LEVELS, READING_LEVELS = 32, 128
# Pairs trained together on a CPU, for each of its threads: their critics' values stay in its cache.
_TOGETHER = 32
_SINKHORN_SWEEPS = 6


@dataclass(frozen=True)
class _Prepared:
    """p columns at both resolutions; label: (2, p, n), node, mass: by resolution; fold: (n,) 0 or 1."""

    label: Tensor
    node: tuple[Tensor, Tensor]
    mass: tuple[Tensor, Tensor]
    basis: Tensor
    fold: Tensor
    start: tuple[Tensor, Tensor]

    def side(self, columns: Tensor, resolution: int) -> Side:
        """Each of the columns twice, for two critics a pair."""
        twice = columns.repeat_interleave(2)
        return Side(self.node[resolution][twice], self.mass[resolution][twice], self.basis[twice])


@dataclass(frozen=True)
class Mine:
    """hidden: units of a critic for each variable, one of them constant. steps: of the ascent, at most.
    learning_rate: of Adam."""

    hidden: int = 16
    steps: int = 300
    learning_rate: float = 0.08
    name = "mine"

    def __post_init__(self) -> None:
        for field, least, most in (("hidden", 2, 64), ("steps", 1, 10_000)):
            value = getattr(self, field)
            if type(value) is not int or not least <= value <= most:
                raise refuse(f"parameters.{field}", value, f"a whole number from {least} to {most}")
        if type(self.learning_rate) not in (int, float) or not 0 < self.learning_rate <= 1:
            raise refuse("parameters.learning_rate", self.learning_rate, "above 0 and at most 1")

    def parameters(self) -> Mapping[str, Any]:
        return {"hidden": self.hidden, "steps": self.steps, "learning_rate": self.learning_rate}

    def block_bytes(self, n: int) -> int:
        # Two critics, some eight arrays of the reading grid each; indices into it for every row.
        return 2 * 8 * 4 * READING_LEVELS**2 + 40 * n

    def largest_block(self, n: int, device: str) -> int:
        """Pairs of some seconds' work."""
        return 1024 if device == "cpu" else 16_384

    def prepare(self, X: NDArray[np.float64], *, seed: int, device: str) -> _Prepared:
        n = X.shape[0]
        coarse, fine = binned(X, TRAINING_LEVELS), binned(X, READING_LEVELS)
        start = first_units(self.hidden, seed, device)
        node, mass = (
            (torch.from_numpy(a).to(device), torch.from_numpy(b).to(device))
            for a, b in ((coarse.node, fine.node), (coarse.mass, fine.mass))
        )
        return _Prepared(
            label=torch.from_numpy(np.stack([coarse.label, fine.label])).to(device),
            node=node,
            mass=mass,
            basis=starting_basis(node[0], mass[0], *start),
            fold=torch.from_numpy(np.random.default_rng(seed).permutation(np.arange(n) % 2)).to(device),
            start=start,
        )

    def estimate(self, x: _Prepared, y: _Prepared, rows: slice, columns: slice) -> BlockEstimate:
        device = x.fold.device
        first = torch.arange(rows.start, rows.stop, device=device)
        second = torch.arange(columns.start, columns.stop, device=device)
        pairs = torch.cartesian_prod(first, second)
        together = _TOGETHER * torch.get_num_threads() if device.type == "cpu" else len(pairs)
        parts = [self._pairs(x, y, *part.T) for part in torch.split(pairs, together)]
        mi, se, lower = (
            torch.cat(values).cpu().numpy().reshape(len(first), len(second))
            for values in zip(*parts, strict=True)
        )
        return BlockEstimate(mi=mi.astype(np.float64), se=se.astype(np.float64), lower_bound=lower)

    def _pairs(self, x: _Prepared, y: _Prepared, i: Tensor, j: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """mi, se, lower_bound of the pairs (i, j), each (B,)."""
        n = len(x.fold)
        sides = x.side(i, 0), y.side(j, 0)
        _, half, other = _joints(x, y, i, j, 0, *sides)
        critics = ascend(*sides, half, other, x.start, rows=n // 2, rate=self.learning_rate, steps=self.steps)
        return _read(
            critics, x.side(i, 1), y.side(j, 1), *_joints(x, y, i, j, 1, x.side(i, 1), y.side(j, 1)), n
        )


def _joints(
    x: _Prepared, y: _Prepared, i: Tensor, j: Tensor, resolution: int, of_x: Side, of_y: Side
) -> tuple[Tensor, Tensor, Tensor]:
    """Shares (2 B, G, G), two entries a pair: of all rows, of the half trained on, of the other half."""
    size = x.node[resolution].shape[1]
    pair = torch.arange(len(i), device=i.device)[:, None]
    cell = ((pair * 2 + x.fold) * size + x.label[resolution][i].long()) * size + y.label[resolution][j].long()
    counts = torch.bincount(cell.flatten(), minlength=len(i) * 2 * size * size)
    half = counts.view(len(i), 2, size, size).float()
    every = half.sum(1, keepdim=True).expand_as(half)
    shares = (
        part.flatten(0, 1) / part.flatten(0, 1).sum((1, 2), keepdim=True) for part in (half, half.flip(1))
    )
    trained, held = (balanced(share, of_x, of_y) for share in shares)
    return every.flatten(0, 1) / len(x.fold), trained, held


def _read(
    critics: Critics, x: Side, y: Side, every: Tensor, half: Tensor, other: Tensor, n: int
) -> tuple[Tensor, Tensor, Tensor]:
    """mi, se, lower_bound of B pairs from their 2 B critics."""
    values = _with_best_margins(critic_values(critics.weights, x, y), x, y)
    log_mean = log_mean_exp(values, x, y)
    mean = (every * values).sum((1, 2))
    spread = (every * (values - mean[:, None, None]) ** 2).sum((1, 2)).view(-1, 2).mean(1)
    bound = (mean - log_mean).view(-1, 2)
    over_fit = ((half - other) * values).sum((1, 2)).view(-1, 2).mean(1)
    apart = (bound[:, 0] - bound[:, 1]) / 2
    se = (spread / n + apart**2 + (over_fit / 4) ** 2 + (2 / n) ** 2).sqrt()
    mi = bound.mean(1)
    finer = ((x.mass > 0).sum(1) > TRAINING_LEVELS) & ((y.mass > 0).sum(1) > TRAINING_LEVELS)
    unresolved = finer[::2] & (mi > math.log(TRAINING_LEVELS) / 2)
    return mi, se, unresolved | (critics.step >= 0.9 * critics.last)


def _with_best_margins(values: Tensor, x: Side, y: Side) -> Tensor:
    """T + a(x) + b(y), with a and b that raise the bound: E[exp T | x] = E[exp T | y] = 1 (Sinkhorn)."""
    values = values - values.amax((1, 2), keepdim=True)
    tilt = torch.exp(values)
    b = torch.ones_like(y.mass)
    for _ in range(_SINKHORN_SWEEPS):
        a = 1 / (tilt @ (y.mass * b)[:, :, None])[:, :, 0].clamp_min(1e-30)
        b = 1 / (tilt.transpose(1, 2) @ (x.mass * a)[:, :, None])[:, :, 0].clamp_min(1e-30)
    return values + a.log()[:, :, None] + b.log()[:, None]
