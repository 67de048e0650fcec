"""How likely is a statistic as large as this, given the first three moments of its null distribution.

The Pearson III law (a shifted gamma) with those moments, corrected by what it misses of the limit for many
rows: T is then a sum of independent chi-squares of weights 1/(k l), k = 1..d, l = 1..e, whose far tail is
heavier than its own Pearson III fit's (twice at 1e-4). The correction maps the fit's p of the limit to the
limit's p, by the saddlepoint formula of Lugannani and Rice for quadratic forms (Kuonen 1999,
doi:10.1093/biomet/86.4.929), and is applied to every p of those degrees.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammaln, log_ndtr

Floats = NDArray[np.float64]

LEAST_SKEWNESS = 1e-3
# p is never 0: the smallest normal number stands for what is below it.
LEAST_P = float(np.finfo(np.float64).tiny)


def pearson_tail(
    statistic: Floats,
    mean: Floats,
    variance: Floats,
    third: Floats,
    degrees: NDArray[np.intp],
    other_degrees: NDArray[np.intp],
) -> Floats:
    """p of each statistic (p, q), never 0.

    third: central moment. degrees: (p,) and (q,), features of the columns. Where the variance is 0, p is 1.
    """
    known = variance > 0
    sd = np.sqrt(np.where(known, variance, 1.0))
    skewness = np.maximum(third / sd**3, LEAST_SKEWNESS)
    log_p = _log_gamma_tail((statistic - mean) / sd, skewness)
    for d in np.unique(degrees[degrees > 0]):
        for e in np.unique(other_degrees[other_degrees > 0]):
            place = np.ix_(degrees == d, other_degrees == e)
            log_p[place] = _extended(log_p[place], *_limit(int(min(d, e)), int(max(d, e))))
    p = np.maximum(np.exp(np.minimum(log_p, 0.0)), LEAST_P)
    return np.where(known, p, 1.0)


def _log_gamma_tail(z: Floats, skewness: Floats) -> Floats:
    """ln P(Z >= z) of the standardised Pearson III law."""
    shape = 4 / skewness**2
    x = np.maximum(shape + 2 * z / skewness, 0.0)
    with np.errstate(divide="ignore"):
        direct = np.log(gammaincc(shape, x))
    # Beyond the range of a float64: Gamma(s, x) = x^(s-1) e^-x (1 + (s-1)/x + ...), x far above s there.
    safe = np.maximum(x, 1.0)
    far = (shape - 1) * np.log(safe) - safe - gammaln(shape) + np.log1p(np.maximum((shape - 1) / safe, -0.5))
    return np.where(direct > -600, direct, far)


@cache
def _limit(d: int, e: int) -> tuple[Floats, Floats]:
    """ln p of the limit by its Pearson III fit, beside its true ln p, both ascending."""
    weights = np.outer(1 / np.arange(1, d + 1), 1 / np.arange(1, e + 1)).ravel()
    sd = np.sqrt(2 * (weights**2).sum())
    skewness = 8 * (weights**3).sum() / sd**3
    if len(weights) == 1:  # one chi-square is its own Pearson III law
        return np.array([-1.0, 0.0]), np.array([-1.0, 0.0])
    # A point of the tail for each tilt s < 1/2: K(s) = -1/2 sum ln(1 - 2 s w), at x = K'(s).
    s = np.concatenate([-np.expm1(np.linspace(4.0, 0.1, 40)), -np.expm1(-np.linspace(0.05, 7.5, 300)) / 2])
    tilted = 1 - 2 * s[:, None] * weights
    x = (weights / tilted).sum(1)
    r = np.sign(s) * np.sqrt(2 * (s * x + np.log(tilted).sum(1) / 2))
    u = s * np.sqrt(2 * (weights**2 / tilted**2).sum(1))
    exact = log_ndtr(-(r + np.log(u / r) / r))
    fit = _log_gamma_tail((x - weights.sum()) / sd, np.full_like(x, skewness))
    return np.append(fit[::-1], 0.0), np.append(exact[::-1], 0.0)


def _extended(log_p: Floats, fit: Floats, exact: Floats) -> Floats:
    """Interpolated between the known points, and beyond the smallest with its slope."""
    slope = (exact[1] - exact[0]) / (fit[1] - fit[0])
    return np.where(log_p < fit[0], exact[0] + slope * (log_p - fit[0]), np.interp(log_p, fit, exact))
