"""Plain mutual information between the inputs and what comes out: no path, no redundancy.

With the outputs as they are it is a method of its own; with the classes (is this row's label j?) it is what
the methods are held against, as arXiv 1901.08557 does.
"""

import numpy as np
from numpy.typing import NDArray

from estimator.comparison.subject import Subject
from estimator.nif import measure
from estimator.options import Options
from estimator.progress import Progress, silent
from estimator.scoring.truth import Truth

Floats = NDArray[np.float64]


def information_about_outputs(subject: Subject, analysis: Options, progress: Progress = silent) -> Floats:
    """I(x_i; y_j) in nats, (p, k), by the estimator of the analysis; 0 where its q-value exceeds alpha."""
    return _significant(subject.inputs, subject.outputs, analysis, progress)


def information_about_target(
    subject: Subject, truth: Truth, analysis: Options, progress: Progress = silent
) -> Floats | None:
    """I(x_i; [label is j]) in nats, (p, k), or I(x_i; label) where the only output is one number.

    None where the labels are no classes with an output each.
    """
    k = len(subject.output_names)
    if truth.codes is None:
        if truth.values is None or k != 1:
            return None
        labels = truth.values[:, None]
    elif k == 1:
        labels = (truth.codes[:, None] == 1).astype(np.float64)
    else:
        labels = (truth.codes[:, None] == np.arange(k)).astype(np.float64)
    return _significant(subject.inputs, labels, analysis, progress)


def _significant(X: Floats, Y: Floats, analysis: Options, progress: Progress) -> Floats:
    found = measure(X, Y, analysis, progress)
    return np.where(found.q_value <= analysis.alpha, np.maximum(found.mi, 0.0), 0.0)
