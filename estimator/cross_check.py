"""A second estimator on a sample of the edges: how far the two disagree, and what that changes.

An edge for which the second estimator says clearly more takes its value and is marked as a lower bound
(see `estimator.mutual_information.cross_check.refine`); nothing is averaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.mutual_information.cross_check import APART, CrossCheck, refine
from estimator.mutual_information.cross_check import cross_check as check_pairs
from estimator.mutual_information.result import MutualInformation
from estimator.network import Edges
from estimator.options import Estimator, Options
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CheckedEdges:
    """edges: as given, those refined apart. report: plain JSON values, None where no check was asked for."""

    edges: tuple[Edges, ...]
    report: dict[str, Any] | None


def cross_check(
    activations: Sequence[Floats], edges: Sequence[Edges], options: Options, progress: Progress = silent
) -> CheckedEdges:
    """Measure a share of each link's edges by `options.cross_check`, if it was asked for."""
    if options.cross_check is None:
        return CheckedEdges(tuple(edges), None)
    pairs = sum(edge.mi.size for edge in edges)

    def tell(phase: str, done: int, total: int) -> None:
        progress("estimating", pairs, pairs)  # all edges are there; only a stop is listened for

    checked, refined = [], []
    for edge in edges:
        first = _measured(edge)
        check = check_pairs(
            activations[edge.source], activations[edge.consumer], first, options.cross_check,
            share=options.cross_check_share, seed=options.seed, device=options.device, progress=tell,
        )  # fmt: skip
        better = refine(first, check)
        checked.append(check)
        refined.append(
            replace(
                edge, mi=better.mi, se=better.se, ci_low=better.ci_low, ci_high=better.ci_high,
                saturated=better.saturated, lower_bound=better.lower_bound, method=better.method,
            )
        )  # fmt: skip
    return CheckedEdges(tuple(refined), _report(checked, options.cross_check))


def _measured(edge: Edges) -> MutualInformation:
    return MutualInformation(
        mi=edge.mi, se=edge.se, ci_low=edge.ci_low, ci_high=edge.ci_high, p_value=edge.p_value,
        q_value=edge.q_value, ceiling=edge.ceiling, saturated=edge.saturated,
        lower_bound=edge.lower_bound, method=edge.method,
    )  # fmt: skip


def _report(checks: Sequence[CrossCheck], second: Estimator) -> dict[str, Any]:
    """Over all links: differences (second - first) in nats and in units of the joint error."""
    difference = np.concatenate([check.second - check.first for check in checks])
    errors = np.concatenate([check.joint_errors for check in checks])
    report: dict[str, Any] = {"estimator": second, "pairs": int(difference.size)}
    if difference.size:
        report |= {
            "mean_difference": float(difference.mean()),
            "mean_absolute_difference": float(np.abs(difference).mean()),
            "largest_absolute_difference": float(np.abs(difference).max()),
            "agree": float(np.mean(np.abs(errors) <= APART)),
            "refined": int((errors > APART).sum()),
        }
    return report
