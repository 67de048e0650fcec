"""Integrated Gradients of the model's outputs, by captum (Sundararajan et al. 2017, arXiv:1703.01365, eq. 1).

Choose it: for what each feature adds on the way from a baseline to a row, by the model's own gradients.
Not for: models without gradients (steps, lookups), or where no baseline means anything.

Completeness (their axiom): the values of a row add up to f(x) - f(baseline). The integral is a sum over
`steps` points of the path; for rows where that misses by more than a thousandth of the output's largest
change, the points are doubled, up to 4,096.

captum runs on the model brought back to torch (`torch_model.py`), in the isolated child process
(`gradients_child.py`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.comparison.drawn_rows import drawn_rows
from estimator.comparison.explaining import explain
from estimator.comparison.libraries import check_installed
from estimator.comparison.options import ComparisonOptions
from estimator.comparison.subject import Subject
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]
COMPLETE = 1e-3
MOST_STEPS = 4096
ROUNDING = 1e-12


@dataclass(frozen=True)
class GradientValues:
    """values: (rows, p, k). changes: (rows, k), f(x) - f(baseline). baseline: (p,). rows: positions in the
    table. steps: the most points of a path that were summed over.
    """

    values: Floats
    changes: Floats
    baseline: Floats
    rows: NDArray[np.int64]
    steps: int

    @property
    def incomplete(self) -> float:
        """The largest |sum of a row's values - its change|, as a share of that output's largest change."""
        return float(missed(self.values, self.changes).max(initial=0.0))

    @property
    def complete(self) -> bool:
        return self.incomplete <= COMPLETE


def missed(values: Floats, changes: Floats, scale: Floats | None = None) -> Floats:
    """(m,) by row: the largest |sum of values - change| over the outputs, each as a share of `scale`.

    scale: (k,), the largest |change| of each output over the rows, if not given.
    """
    scale = scale_of(changes) if scale is None else scale
    return np.asarray((np.abs(values.sum(axis=1) - changes) / scale).max(axis=1, initial=0.0), np.float64)


def scale_of(changes: Floats) -> Floats:
    """(k,) the largest |change| of each output; where nothing changes 1, for no share of nothing."""
    largest = np.abs(changes).max(axis=0, initial=0.0)
    return np.where(largest > ROUNDING, largest, 1.0)


def integrated_gradients(
    subject: Subject, options: ComparisonOptions, progress: Progress = silent
) -> GradientValues:
    """Raises MissingExtra without the libraries, UnsupportedModel for a model with no way back to torch."""
    check_installed(["integrated_gradients"])
    rows = drawn_rows(len(subject.inputs), options.rows, options.seed, 0)
    baseline = subject.inputs.mean(axis=0)
    if options.baseline == "zero":
        baseline = np.zeros_like(baseline)
    p, k = subject.inputs.shape[1], len(subject.output_names)
    found = explain(
        "gradients",
        subject,
        {"rows": subject.inputs[rows], "baseline": baseline},
        {"steps": options.steps, "most_steps": max(options.steps, MOST_STEPS), "complete": COMPLETE},
        {"values": (len(rows), p, k), "changes": (len(rows), k), "steps": (1,)},
        progress,
    )
    return GradientValues(found["values"], found["changes"], baseline, rows, int(found["steps"][0]))
