"""How sure a metric is, and a difference of metrics on the same rows: the percentile bootstrap.

1. Draw as many rows as there are, with replacement; for AUC within each class, so that both are always there.
2. Compute every model's metric on the same draw: differences are paired, what is common to both cancels.
3. The 2.5 % and 97.5 % percentiles over the draws (Efron and Tibshirani 1993, doi:10.1201/9780429246593,
   chapter 13).

The interval is of the rows as a sample. It says nothing of another training run. Where two models agree in
every row, the difference and its interval are exactly 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from estimator.scoring.metrics import Floats, two_class_scores
from estimator.scoring.truth import Truth

LEVEL = 0.95
BLOCK_VALUES = 2**22  # of drawn row counts at once


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Scores:
    """Metrics of several outputs on the same rows, and of each its difference to the first.

    values, differences: one entry an output, in order; differences[0] is 0.
    """

    values: tuple[Interval, ...]
    differences: tuple[Interval, ...]


def bootstrap(
    truth: Truth,
    outputs: Sequence[Floats],
    draws: int = 1000,
    seed: int = 0,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Scores:
    """outputs: (n, k) of each model, on the rows of `truth`. tick: called with draws done and in all."""
    point = np.array([truth.score(values) for values in outputs])
    columns = _columns(truth, outputs)
    n = len(columns)
    drawn = np.empty((draws, len(outputs)))
    rng = np.random.default_rng(seed)
    step = max(1, BLOCK_VALUES // n)
    tick(0, draws)
    for start in range(0, draws, step):
        stop = min(draws, start + step)
        counts = _row_counts(truth, n, stop - start, rng)
        drawn[start:stop] = _metric(truth, columns, counts)
        tick(stop, draws)
    apart = drawn - drawn[:, :1]
    values = tuple(_interval(float(v), d) for v, d in zip(point, drawn.T, strict=True))
    differences = tuple(_interval(float(v), d) for v, d in zip(point - point[0], apart.T, strict=True))
    return Scores(values, differences)


def _columns(truth: Truth, outputs: Sequence[Floats]) -> Floats:
    """(n, models) what the metric is made of."""
    of = two_class_scores if truth.metric == "auc" else truth.by_row
    return np.column_stack([of(values) for values in outputs])


def _row_counts(truth: Truth, n: int, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, n) how often each row was drawn."""
    counts = np.zeros((draws, n))
    codes = truth.codes if truth.metric == "auc" else None
    parts = [np.arange(n)] if codes is None else [np.flatnonzero(codes == code) for code in (0, 1)]
    for k in range(draws):
        for rows in parts:
            counts[k, rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
    return counts


def _metric(truth: Truth, columns: Floats, counts: Floats) -> Floats:
    """(draws, models)"""
    if truth.metric == "auc" and truth.codes is not None:
        return np.column_stack([_aucs(scores, truth.codes == 1, counts) for scores in columns.T])
    means = counts @ columns / len(columns)
    return cast(Floats, np.sqrt(means) if truth.metric == "rmse" else means)


def _aucs(scores: Floats, ones: NDArray[np.bool_], counts: Floats) -> Floats:
    """(draws,) AUC with weighted rows: of each pair the product of the weights, ties one half."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf) > 0)
    one = np.add.reduceat(np.where(ones, counts, 0.0)[:, order], starts, axis=1)
    zero = np.add.reduceat(np.where(ones, 0.0, counts)[:, order], starts, axis=1)
    below = np.cumsum(zero, axis=1) - zero
    pairs = (one * (below + zero / 2)).sum(axis=1)
    return cast(Floats, pairs / (one.sum(axis=1) * zero.sum(axis=1)))


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))
