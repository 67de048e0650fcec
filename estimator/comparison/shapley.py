"""SHAP values of the model's outputs, by the shap library (Lundberg and Lee 2017, arXiv:1705.07874).

Choose it: to see how far each output hangs on each feature when features are drawn independently.
Not for: features that move together; rows that mix them, which no data ever showed, are asked for then.

The library runs beside the ONNX model in the isolated child process (`shapley_child.py`); nothing of it is
written again here. Up to 11 features every coalition is weighed (KernelExplainer without regularisation:
exact); beyond, PermutationExplainer samples them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.comparison.drawn_rows import drawn_rows
from estimator.comparison.explaining import explain
from estimator.comparison.libraries import check_installed
from estimator.comparison.options import ComparisonOptions
from estimator.comparison.subject import Subject
from estimator.errors import LimitExceeded, Place
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]
EXACT_FEATURES = 11  # KernelExplainer looks at 2 p + 2048 coalitions, and 2^11 - 2 is fewer
PERMUTATIONS = 10
MOST_EVALUATIONS = 10**9


@dataclass(frozen=True)
class ShapValues:
    """values: (rows, p, k). base: (k,) mean output over the background. rows: positions in the table.

    additivity: the largest |base + sum of values - f(x)|, which the library promises to be 0.
    """

    values: Floats
    base: Floats
    rows: NDArray[np.int64]
    background: NDArray[np.int64]
    explainer: str
    additivity: float


def shap_values(subject: Subject, options: ComparisonOptions, progress: Progress = silent) -> ShapValues:
    """Raises MissingExtra without the library, LimitExceeded for too many evaluations of the model."""
    check_installed(["shap"])
    rows = drawn_rows(len(subject.inputs), options.rows, options.seed, 0)
    background = drawn_rows(len(subject.inputs), options.background, options.seed, 1)
    p, k = subject.inputs.shape[1], len(subject.output_names)
    explainer = "KernelExplainer" if p <= EXACT_FEATURES else "PermutationExplainer"
    _check_affordable(len(rows), len(background), p)
    found = explain(
        "shap",
        subject,
        {"rows": subject.inputs[rows], "background": subject.inputs[background]},
        {"explainer": explainer, "permutations": PERMUTATIONS, "seed": options.seed % 2**32},
        {"values": (len(rows), p, k), "base": (k,)},
        progress,
    )
    values, base = found["values"], found["base"]
    additivity = float(np.abs(base + values.sum(axis=1) - subject.outputs[rows]).max(initial=0.0))
    return ShapValues(values, base, rows, background, explainer, additivity)


def _check_affordable(rows: int, background: int, features: int) -> None:
    asked = 2**features if features <= EXACT_FEATURES else PERMUTATIONS * (2 * features + 1)
    evaluations = rows * background * asked
    if evaluations > MOST_EVALUATIONS:
        detail = (
            f"SHAP would run the model on {evaluations:,} rows ({rows:,} rows explained, "
            f"{background:,} of background, {asked:,} coalitions of {features} features); the limit is "
            f"{MOST_EVALUATIONS:,}: explain fewer rows, or take a smaller background"
        )
        raise LimitExceeded(detail, errors=[Place(detail, field="rows"), Place(detail, field="background")])
