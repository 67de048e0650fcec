"""Which neuron of the head is which of the base, by what they did on the same rows.

1. Similarity of two neurons: |Spearman's rank correlation|. Ranks, as the estimators work on; its absolute
   value, since a neuron that was trained to the opposite sign says the same.
2. The one-to-one assignment of largest total similarity (Hungarian method, scipy's linear_sum_assignment;
   Kuhn 1955, Naval Research Logistics 2, 83-97). Ties go to the neuron of the same position.
3. Confidence that no other partner of either neuron is more alike: Phi(z), z = (atanh s - atanh r) /
   sqrt(2 / (n - 3)), s the similarity, r that of the best other partner (Fisher's z-transformation).
   The two correlations share a neuron and rows, which makes their difference surer than this says.

scipy is imported where it computes: the API names the parts of a diff and never comes there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TIE = 1e-7


@dataclass(frozen=True)
class Assignment:
    """Arrays over the n neurons of the base: partner (index in the head), similarity, runner_up, confidence.

    similarity and confidence are NaN where both neurons are constant: nothing tells such neurons apart.
    """

    partner: NDArray[np.int64]
    similarity: Floats
    runner_up: Floats
    confidence: Floats


def assign(base: Floats, head: Floats) -> Assignment:
    """base, head: (rows, n), the same rows, at least 4. O(n^3) at worst, O(rows n) memory."""
    from scipy.optimize import linear_sum_assignment
    from scipy.special import ndtr

    rows, n = base.shape
    similar = similarity(base, head)
    _, partner = linear_sum_assignment(similar + _TIE * np.eye(n), maximize=True)
    at = np.arange(n), partner
    matched = similar[at]
    others = similar.copy()
    others[at] = 0.0
    runner_up = np.maximum(others.max(axis=1, initial=0.0), others.max(axis=0, initial=0.0)[partner])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (np.arctanh(matched) - np.arctanh(runner_up)) / np.sqrt(2 / (rows - 3))
    confidence = ndtr(np.where(np.isnan(z), 0.0, z))  # two partners that are exactly alike
    still = _constant(base) & _constant(head)[partner]
    return Assignment(
        partner.astype(np.int64),
        np.where(still, np.nan, matched),
        runner_up,
        np.where(still, np.nan, confidence),
    )


def similarity(base: Floats, head: Floats) -> Floats:
    """|Spearman| (n, m) of every two columns; 0 for a constant one."""
    # Rounded, so that two equal columns are at exactly 1 and exact copies of a neuron are a tie.
    return np.minimum(1.0, np.round(np.abs(_standard_ranks(base).T @ _standard_ranks(head)), 12))


def _standard_ranks(X: Floats) -> Floats:
    """Ranks of each column, ties at their mean, centred and of length 1; zeros for a constant column."""
    from scipy.stats import rankdata

    ranks = rankdata(X, axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    standard: Floats = ranks / np.where(length > 0, length, 1.0)
    return standard


def _constant(X: Floats) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = X.min(axis=0) == X.max(axis=0)
    return same
