"""A second estimator on a sample of the edges, and how far the two disagree."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.network import Edges
from estimator.nif import measure
from estimator.options import Options
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]
LEAST_PERMUTATIONS = 20
STANDARD_ERRORS = 3.0


def cross_check(
    activations: Sequence[Floats], edges: Sequence[Edges], options: Options, progress: Progress = silent
) -> dict[str, Any] | None:
    """Measure a share of each link's edges by `options.cross_check`; None if it was not asked for.

    The sample is a block of seeded random sources and consumers, so that all its pairs are one batch; those
    with a constant neuron are left out. agree: share of the pairs whose difference is within 3 standard
    errors, those of both taken together.
    """
    if options.cross_check is None:
        return None
    second = replace(
        options,
        estimator=options.cross_check,
        cross_check=None,
        parameters={},
        permutations=LEAST_PERMUTATIONS,
    )
    pairs = sum(edge.mi.size for edge in edges)

    def tell(phase: str, done: int, total: int) -> None:
        progress("estimating", pairs, pairs)  # all edges are there; only a stop is listened for

    rng = np.random.default_rng(options.seed)
    side = sqrt(options.cross_check_share)
    differences, errors = [], []
    for edge in edges:
        p, q = edge.mi.shape
        rows = np.sort(rng.choice(p, size=ceil(side * p), replace=False))
        columns = np.sort(rng.choice(q, size=ceil(side * q), replace=False))
        again = measure(
            activations[edge.source][:, rows], activations[edge.consumer][:, columns], second, tell
        )
        place = np.ix_(rows, columns)
        varies = edge.ceiling[place] > 0  # on a constant neuron all estimators agree
        differences.append((again.mi - edge.mi[place])[varies])
        errors.append(np.hypot(again.se, edge.se[place])[varies])
    difference, error = np.concatenate(differences), np.concatenate(errors)
    report: dict[str, Any] = {"estimator": options.cross_check, "pairs": int(difference.size)}
    if difference.size:
        report |= {
            "mean_difference": float(difference.mean()),
            "mean_absolute_difference": float(np.abs(difference).mean()),
            "largest_absolute_difference": float(np.abs(difference).max()),
            "agree": float(np.mean(np.abs(difference) <= STANDARD_ERRORS * error)),
        }
    return report
