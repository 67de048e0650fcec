"""The screen: which pairs show anything, by a smooth test of independence, and what to say of the rest.

q = n sum h_kl S_kl^2, a ridge-weighted sum of squared polynomial scores (Neyman's smooth test; Rayner and
Best 1989). Under independence its mean is sum h and its variance
2 sum h^2 + (1/n) sum h_kl h_k'l' K_x[k,k'] K_y[l,l'], K[k,k'] = E[f_k^2 f_k'^2] - 1 - 2 [k = k'], the last
term for rare and skewed columns. z by Wilson and Hilferty's cube root of a matched chi-square.
Sums over k and l are loops over planes of pairs, so that a pair's bits don't depend on the block's shape.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from estimator.mutual_information.convex.prior import LADDER, shrinkage

DEGREE = 6
THRESHOLD = 2.33


@dataclass(frozen=True)
class Screened:
    """Arrays (p, q): z, the null's standard score; mi, unbiased under independence, and its se, in nats."""

    z: Tensor
    mi: Tensor
    se: Tensor


def fourth_moments(weights: Tensor, features: Tensor) -> Tensor:
    """K[k,k'] of each measure from its grid: (R, DEGREE, DEGREE) float64, 0 where a feature isn't kept."""
    squares = features[:, :, :DEGREE] ** 2
    kept = (squares.amax(1) > 0).double()
    moments = (squares * weights[:, :, None]).mT @ squares - 1 - 2 * torch.eye(DEGREE, device=weights.device)
    return moments * kept[:, :, None] * kept[:, None, :]


def screen(
    scores: Tensor, n: int, left_degrees: Tensor, right_degrees: Tensor, left_K: Tensor, right_K: Tensor
) -> Screened:
    """Screen all pairs: scores (p, d, q, d) float64, degrees kept (p,) and (q,), K (p, 6, 6), (q, 6, 6)."""
    h = shrinkage(DEGREE, n, LADDER[0]).to(scores.device)
    p, q = scores.shape[0], scores.shape[2]
    statistic, mi, signal = (scores.new_zeros(p, q) for _ in range(3))
    for k in range(DEGREE):
        for m in range(DEGREE):
            square = scores[:, k, :, m] ** 2
            statistic += square * (n * h[k, m])
            mi += square * (h[k, m] - h[k, m] ** 2 / 2)
            signal += square * h[k, m] ** 2
    # sums of h and its powers over the features kept: one entry for each pair of degrees
    sums = [torch.nn.functional.pad(t.cumsum(0).cumsum(1), (1, 0, 1, 0)) for t in (h, h**2, h - h**2 / 2)]
    place = left_degrees.clamp_max(DEGREE)[:, None], right_degrees.clamp_max(DEGREE)[None, :]
    mean, squared, expected = (t[place] for t in sums)
    extra = scores.new_zeros(p, q)
    for k in range(DEGREE):
        for m in range(DEGREE):
            across = h[k, :, None] * h[m, None, :]
            factor = (right_K * across).sum((1, 2))
            extra += left_K[:, k, m, None] * factor[None, :]
    variance = (2 * squared + extra / n).clamp_min(1e-3 * squared)
    ninth = variance / (9 * mean**2)  # 2/(9 nu) of the chi-square with that mean and variance
    z = ((statistic / mean) ** (1 / 3) - (1 - ninth)) / ninth.sqrt()
    return Screened(z, mi - expected / n, (signal / n + (squared / 2 + mean**2 / 9) / n**2).sqrt())
