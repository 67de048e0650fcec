"""How alike attributions are: shares, ranks, Spearman's correlation, Kolmogorov-Smirnov, and a distance.

1. Shares: each output's values over their sum, so that methods of different units compare.
2. Ranks of the features by the mean of their shares over the outputs, 1 the most; ties share a mean rank.
3. Spearman's rank correlation of all shares of two methods. Its p-value is by permuting the features, all
   outputs together (the outputs of one model say much the same, so that their shares are no independent
   numbers): exact where there are few enough orders, else over 9,999 drawn ones.
4. Two-sample Kolmogorov-Smirnov of a method's shares and a reference's, as arXiv 1901.08557 compares them:
   of the shares as two samples, whichever feature they belong to.
5. Because 4 forgets which feature is which, the distance beside it: the sum of |share - reference's share|
   over the features, halved, the mean over the outputs: 0 the same, 1 nothing in common.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
RESAMPLES = 9_999
BLOCK_VALUES = 2**22  # shares that are permuted at once


@dataclass(frozen=True)
class Correlation:
    """value, p_value: None where one side has no two different shares, p_value for one feature, too.
    n: shares compared.
    """

    a: str
    b: str
    value: float | None
    p_value: float | None
    n: int

    def as_dict(self) -> dict[str, Any]:
        return {"a": self.a, "b": self.b, "spearman": self.value, "p_value": self.p_value, "n": self.n}


@dataclass(frozen=True)
class Nearness:
    """Of a method to a reference: KS over all shares, per output (k,), and the distance."""

    method: str
    reference: str
    statistic: float
    p_value: float
    by_output: tuple[tuple[float, float], ...]
    distance: float

    def as_dict(self, outputs: tuple[str, ...]) -> dict[str, Any]:
        return {
            "method": self.method,
            "reference": self.reference,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "distance": self.distance,
            "by_output": [
                {"output": name, "statistic": statistic, "p_value": p}
                for name, (statistic, p) in zip(outputs, self.by_output, strict=True)
            ],
        }


def shares(values: Floats) -> Floats:
    """(p, k) values, not below 0, each output's adding up to 1; zeros where all of an output's are 0."""
    sums = values.sum(axis=0)
    with np.errstate(over="ignore"):
        scaled = values / np.where(sums > 0, values.max(axis=0), 1.0)  # sums may be beyond the doubles
    total = scaled.sum(axis=0)
    return np.asarray(scaled / np.where(total > 0, total, 1.0), dtype=np.float64)


def ranks(of: Floats) -> Floats:
    """(p,) 1 for the largest."""
    return np.asarray(stats.rankdata(-of, method="average"), dtype=np.float64)


def correlation(a: str, x: Floats, b: str, y: Floats, seed: int) -> Correlation:
    """Of two methods' shares, (p, k) each."""
    u, v = _standard_ranks(x), _standard_ranks(y)
    if u is None or v is None:
        return Correlation(a, b, None, None, x.size)

    def spearman(features: Any, axis: int = -1) -> Any:
        """features: (..., p), an order of them."""
        return np.einsum("...ij,ij->...", u[features], v) / v.size

    if len(x) == 1:  # one order only
        return Correlation(a, b, float(np.mean(u * v)), None, x.size)
    found = stats.permutation_test(
        (np.arange(len(x)),), spearman, permutation_type="pairings", vectorized=True, n_resamples=RESAMPLES,
        alternative="two-sided", rng=np.random.default_rng(seed), batch=max(1, BLOCK_VALUES // x.size),
    )  # fmt: skip
    return Correlation(a, b, float(found.statistic), float(found.pvalue), x.size)


def _standard_ranks(of: Floats) -> Floats | None:
    """(p, k) ranks of all, of mean 0 and standard deviation 1; None where all are equal."""
    ranked = stats.rankdata(of.ravel()).reshape(of.shape)
    if np.ptp(ranked) == 0:
        return None
    return np.asarray((ranked - ranked.mean()) / ranked.std(), dtype=np.float64)


def nearness(method: str, x: Floats, reference: str, y: Floats) -> Nearness:
    """Of a method's shares to a reference's, (p, k) each."""
    whole = stats.ks_2samp(x.ravel(), y.ravel())
    by_output = [stats.ks_2samp(x[:, j], y[:, j]) for j in range(x.shape[1])]
    return Nearness(
        method=method,
        reference=reference,
        statistic=float(whole.statistic),
        p_value=float(whole.pvalue),
        by_output=tuple((float(one.statistic), float(one.pvalue)) for one in by_output),
        distance=float(np.abs(x - y).sum(axis=0).mean() / 2),
    )
