"""Convex: the Donsker-Varadhan bound with a critic whose only fitted part is linear. The default.

T(x, y) = g(x)'W h(y) + a(x) + b(y) on the ranks of two columns: g and h are fixed orthonormal polynomials,
a and b are profiled out exactly, W is found by Newton's method on a concave objective. So there is one
optimum, and no seed; the expectation under the product of the margins is a sum over a grid, without the
bias that minibatches give MINE (Belghazi et al. 2018, arXiv:1801.04062, section 3.2).

Choose it: always first. Under a millisecond a pair, errors near the statistical floor, a standard error.
Not for: densities with a jump, y = f(x) exactly, or fine oscillation; there it is a lower bound, and says
so where it can tell (`ksg` resolves more of those).

1. Ranks, grids and features of each column (`columns`). 2. Scores S of all pairs: one matrix product.
3. Screen: pairs that show nothing get an estimate from S alone (`screen`). 4. The others: Newton (`newton`)
in batches (`rounds`) up a ladder of ridge and degree (`climb`). 5. mi = v - edf/(2n), for two discrete
columns the correction of Miller and Madow; se^2 = Var_p(T)/n + tr h^2/(2 n^2) + (edf/(3n))^2.
6. lower_bound: the degree ended at its cap, or there is structure too fine for any degree (`oscillation`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from estimator.mutual_information.columns import Columns, columns, highest_degree
from estimator.mutual_information.convex.climb import climb
from estimator.mutual_information.convex.oscillation import oscillates
from estimator.mutual_information.convex.rounds import Pairs, Sides
from estimator.mutual_information.convex.screen import THRESHOLD, fourth_moments, screen
from estimator.mutual_information.polynomials import SMALL_GRID
from estimator.mutual_information.result import BlockEstimate
from estimator.mutual_information.scores import scores
from estimator.mutual_information.threads import torch_on_one_thread


@dataclass(frozen=True)
class Prepared:
    """Columns, and what the device needs of each measure among them (R of them).

    fourth: float64, for the screen. skew: float64, tells two columns apart. mirrored: see `Columns`.
    """

    columns: Columns
    device: str
    weights: dict[int, Tensor]
    features: dict[int, Tensor]
    entropy: dict[int, Tensor]
    degrees: Tensor
    fourth: Tensor
    skew: Tensor
    mirrored: Tensor

    def block(self, part: slice) -> Tensor:
        """The measure of each column of a slice, as an index into the rest."""
        return torch.from_numpy(self.columns.measure[part]).to(self.device)


class Convex:
    """See the module. Fits `estimator.mutual_information.methods.Method`; it takes no parameters."""

    name = "convex"
    halves_within = True

    def prepare(self, X: NDArray[np.float64], *, seed: int, device: str) -> Prepared:
        found = columns(X, device)
        exact = {
            size: (torch.from_numpy(grid.weights).to(device), torch.from_numpy(grid.features).to(device))
            for size, grid in found.grids.items()
        }
        weights, features = exact[SMALL_GRID]
        return Prepared(
            columns=found,
            device=device,
            weights={size: w.float() for size, (w, _) in exact.items()},
            features={size: f.float() for size, (_, f) in exact.items()},
            entropy={size: torch.from_numpy(g.entropy).float().to(device) for size, g in found.grids.items()},
            degrees=torch.from_numpy(found.degrees).to(device),
            fourth=fourth_moments(weights, features),
            skew=(weights * features[:, :, 0] ** 3).sum(1),
            mirrored=torch.from_numpy(found.mirrored).to(device),
        )

    def estimate(self, x: Prepared, y: Prepared, rows: slice, columns: slice) -> BlockEstimate:
        with torch_on_one_thread(x.device) as threads:
            return self._estimate(x, y, rows, columns, threads)

    def _estimate(self, x: Prepared, y: Prepared, rows: slice, columns: slice, threads: int) -> BlockEstimate:
        n = x.columns.n
        left, right = x.block(rows), y.block(columns)
        S = scores(x.columns, rows, y.columns, columns, x.device)
        screened = screen(S, n, x.degrees[left], y.degrees[right], x.fourth[left], y.fourth[right])
        shows = screened.z > THRESHOLD
        mirrored = x is y and rows == columns
        if mirrored:  # a pair once, and no column with itself
            shows.triu_(1)
        i, j = shows.nonzero(as_tuple=True)
        mi, se = screened.mi.cpu().numpy(), screened.se.cpu().numpy()
        lower_bound = oscillates(x.columns, y.columns, rows, columns, x.device)
        if len(i):
            climbed = climb(_pairs(x, y, left, right, i, j, S, threads))
            fit = climbed.fit
            place = i.cpu().numpy(), j.cpu().numpy()
            mi[place] = (fit.value - fit.edf / (2 * n)).double().cpu().numpy()
            squared = fit.variance / n + fit.spread / (2 * n**2) + (fit.edf / (3 * n)) ** 2
            se[place] = squared.double().sqrt().cpu().numpy()
            lower_bound[place] |= climbed.capped.cpu().numpy()
        if mirrored:
            mi, se, lower_bound = (np.triu(a) + np.triu(a, 1).T for a in (mi, se, lower_bound))
        return BlockEstimate(mi, se, lower_bound)

    def block_bytes(self, n: int) -> int:
        # the scores twice in float64, and the fit's state; rows are read in pieces
        return 8 * 5 * highest_degree(n) ** 2

    def parameters(self) -> Mapping[str, Any]:
        return {}


def _pairs(
    x: Prepared, y: Prepared, left: Tensor, right: Tensor, i: Tensor, j: Tensor, S: Tensor, threads: int
) -> Pairs:
    """The pairs (i, j) of the block, each turned so that I(X; Y) and I(Y; X) are one computation."""
    sides = Sides(
        weights={size: torch.cat([w[left], y.weights[size][right]]) for size, w in x.weights.items()},
        features={size: torch.cat([f[left], y.features[size][right]]) for size, f in x.features.items()},
        entropy={size: torch.cat([e[left], y.entropy[size][right]]) for size, e in x.entropy.items()},
        degrees=torch.cat([x.degrees[left], y.degrees[right]]),
    )
    S = _signed(S[i, :, j, :], x.mirrored[left][i], y.mirrored[right][j])
    skewed = (S - S.mT).triu().sum((1, 2))
    skewed = torch.where(skewed == 0, x.skew[left][i] - y.skew[right][j], skewed)
    turn = skewed < 0
    S = torch.where(turn[:, None, None], S.mT, S).float()
    j = j + len(left)
    first, second = torch.where(turn, j, i), torch.where(turn, i, j)
    return Pairs(x.columns.n, x.columns.degree, sides, first, second, S, threads)


def _signed(S: Tensor, left_free: Tensor, right_free: Tensor) -> Tensor:
    """One S for all reversals of columns whose measure is its own mirror image (`free`).

    Reversing x changes the sign of S_kl for odd k, reversing y for odd l. What stays of the sums over
    (odd, even) and (even, odd) entries tells which was done; where one is 0, the sum over (odd, odd) ones.
    """
    flip_left = left_free & (S[:, 0::2, 1::2].sum((1, 2)) < 0)
    flip_right = right_free & (S[:, 1::2, 0::2].sum((1, 2)) < 0)
    S = _reversed(S, flip_left, flip_right)
    left_undecided = left_free & (S[:, 0::2, 1::2].sum((1, 2)) == 0)
    right_undecided = right_free & (S[:, 1::2, 0::2].sum((1, 2)) == 0)
    negative = S[:, 0::2, 0::2].sum((1, 2)) < 0
    return _reversed(S, negative & left_undecided, negative & ~left_undecided & right_undecided)


def _reversed(S: Tensor, left: Tensor, right: Tensor) -> Tensor:
    signs = 1 - 2 * (torch.arange(1, S.shape[1] + 1, device=S.device) % 2).double()
    rows = torch.where(left[:, None], signs, 1.0)
    columns = torch.where(right[:, None], signs, 1.0)
    return S * rows[:, :, None] * columns[:, None, :]
