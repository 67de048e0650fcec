"""The deletion curve: take features away, the most important first, and measure the model each time.

Samek et al. 2017 (arXiv:1509.06321) remove pixels so; here a removed feature has its mean in every row, or
its own values in another order. The sooner the metric gets worse, the better the order. The model is not
trained again, so that the curve also shows how it behaves on rows that it never saw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.comparison.options import ComparisonOptions
from estimator.comparison.subject import Subject
from estimator.errors import NotFinite
from estimator.progress import Progress, silent
from estimator.scoring.truth import Truth

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
BLOCK_VALUES = 2**24  # of inputs that are run at once


@dataclass(frozen=True)
class Curve:
    """order: (p,) features, the first removed first. values: the metric after each of `Deletion.removed`."""

    method: str
    order: Integers
    values: Floats

    @property
    def area(self) -> float:
        """The mean of the metric over the curve."""
        return float(self.values.mean())


@dataclass(frozen=True)
class Deletion:
    """removed: how many features are away at each point. random: (orders, points), of drawn orders."""

    metric: str
    removed: Integers
    curves: tuple[Curve, ...]
    random: Floats

    def document(self, features: tuple[str, ...], replace: str) -> dict[str, Any]:
        """Plain JSON values."""
        drawn = self.random
        return {
            "metric": self.metric,
            "better": "higher" if self.metric == "rmse" else "lower",
            "replace": replace,
            "removed": self.removed.tolist(),
            "curves": [
                {
                    "method": curve.method,
                    "order": [features[i] for i in curve.order],
                    "values": curve.values.tolist(),
                    "area": curve.area,
                }
                for curve in self.curves
            ],
            "random": None
            if len(drawn) == 0
            else {
                "orders": len(drawn),
                "mean": drawn.mean(axis=0).tolist(),
                "low": drawn.min(axis=0).tolist(),
                "high": drawn.max(axis=0).tolist(),
                "area": float(drawn.mean()),
            },
        }


def deletion(
    subject: Subject,
    truth: Truth,
    importance: Mapping[str, Floats],
    options: ComparisonOptions,
    progress: Progress = silent,
) -> Deletion:
    """importance: (p,) of each method; equal ones go in the order of the columns."""
    p = subject.inputs.shape[1]
    removed = np.unique(np.round(np.linspace(0, p, min(p, options.points) + 1)).astype(np.int64))
    orders = {name: np.argsort(-values, kind="stable") for name, values in importance.items()}
    rng = np.random.default_rng([options.seed, 2])
    drawn = [rng.permutation(p) for _ in range(options.random_orders)]
    sets = {frozenset(o[:count].tolist()) for o in [*orders.values(), *drawn] for count in removed}
    scores = _scores(subject, truth, sorted(sets, key=sorted), _replacement(subject, options), progress)

    def along(order: Integers) -> Floats:
        return np.array([scores[frozenset(order[:count].tolist())] for count in removed])

    curves = tuple(Curve(name, order, along(order)) for name, order in orders.items())
    random = np.array([along(order) for order in drawn]).reshape(len(drawn), len(removed))
    return Deletion(truth.metric, removed, curves, random)


def _replacement(subject: Subject, options: ComparisonOptions) -> Floats:
    """(n, p): what a removed feature holds."""
    if options.replace == "mean":
        return np.broadcast_to(subject.inputs.mean(axis=0), subject.inputs.shape)
    rng = np.random.default_rng([options.seed, 3])
    return rng.permuted(subject.inputs, axis=0)


def _scores(
    subject: Subject,
    truth: Truth,
    sets: list[frozenset[int]],
    replacement: Floats,
    progress: Progress,
) -> dict[frozenset[int], float]:
    """The metric without each of the sets of features; several sets go through the model at once."""
    n, p = subject.inputs.shape
    together = max(1, BLOCK_VALUES // max(1, n * p))
    scores: dict[frozenset[int], float] = {}
    progress("deletion", 0, len(sets))
    for at in range(0, len(sets), together):
        block = sets[at : at + together]
        inputs = np.tile(subject.inputs, (len(block), 1))
        for i, away in enumerate(block):
            columns = sorted(away)
            inputs[i * n : (i + 1) * n, columns] = replacement[:, columns]
        try:
            outputs = subject.run(inputs, _ticking(progress, (at, len(sets))))
        except NotFinite as error:
            raise NotFinite(
                "the model gives no finite number where features are replaced, so that there is no deletion "
                "curve: leave it out (deletion: false, --no-deletion), or replace otherwise"
            ) from error
        scores |= {away: truth.score(outputs[i * n : (i + 1) * n]) for i, away in enumerate(block)}
        progress("deletion", at + len(block), len(sets))
    return scores


def _ticking(progress: Progress, whole: tuple[int, int]) -> Progress:
    """Lets the work be stopped while a block runs. whole: what is done and in all, of the deletion."""

    def tick(phase: str, done: int, total: int) -> None:
        progress("deletion", *whole)

    return tick
