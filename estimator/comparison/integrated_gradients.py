"""Integrated Gradients of the model's outputs, by captum (Sundararajan et al. 2017, arXiv:1703.01365, eq. 1).

Choose it: for what each feature adds on the way from a baseline to a row, by the model's own gradients.
Not for: models without gradients (steps, lookups), or where no baseline means anything.

Completeness (their axiom): the values of a row add up to f(x) - f(baseline). The integral is a sum over
`steps` points of the path; these are doubled until that holds to 1e-3 in every row and output.
"""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from estimator.comparison.drawn_rows import drawn_rows
from estimator.comparison.options import ComparisonOptions
from estimator.comparison.subject import Subject
from estimator.errors import MissingExtra, Place
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]
COMPLETE = 1e-3
MOST_STEPS = 4096
BATCH_VALUES = 2**21  # rows times features that go through the model at once


@dataclass(frozen=True)
class GradientValues:
    """values: (rows, p, k). baseline: (p,). rows: positions in the table.

    steps: points of the path that were summed over. incomplete: the largest |sum - (f(x) - f(baseline))|.
    """

    values: Floats
    baseline: Floats
    rows: NDArray[np.int64]
    steps: int
    incomplete: float

    @property
    def complete(self) -> bool:
        return self.incomplete <= COMPLETE


def integrated_gradients(
    subject: Subject, options: ComparisonOptions, progress: Progress = silent
) -> GradientValues:
    """Raises MissingExtra without the library, UnsupportedModel where the model has no way back to torch."""
    if find_spec("captum") is None:
        raise MissingExtra(
            "Integrated Gradients need captum, which is not installed; run: "
            "pip install 'neural-information-flow[compare]'; or leave integrated_gradients out of methods",
            errors=[Place("captum is not installed", field="methods")],
        )
    import torch

    from estimator.comparison.torch_model import torch_model

    rows = drawn_rows(len(subject.inputs), options.rows, options.seed, 0)
    baseline = subject.inputs.mean(axis=0)
    if options.baseline == "zero":
        baseline = np.zeros_like(baseline)
    model = torch_model(subject, rows)
    with torch.no_grad():
        ends = model(torch.from_numpy(np.vstack([baseline, subject.inputs[rows]]))).numpy()
    steps = options.steps
    while True:
        values = _values(model, subject.inputs[rows], baseline, steps, ends.shape[1], progress)
        incomplete = float(np.abs(values.sum(axis=1) - (ends[1:] - ends[0])).max(initial=0.0))
        if incomplete <= COMPLETE or 2 * steps > MOST_STEPS:
            return GradientValues(values, baseline, rows, steps, incomplete)
        steps *= 2


def _values(
    model: object, inputs: Floats, baseline: Floats, steps: int, outputs: int, progress: Progress
) -> Floats:
    """(rows, p, k), an output after the other."""
    import torch
    from captum.attr import IntegratedGradients

    explain = IntegratedGradients(model)
    x, start = torch.from_numpy(np.ascontiguousarray(inputs)), torch.from_numpy(baseline[None])
    batch = max(1, BATCH_VALUES // max(1, inputs.shape[1]))
    found = []
    progress("gradients", 0, outputs)
    for output in range(outputs):
        given = explain.attribute(
            x,
            start,
            target=output,
            n_steps=steps,
            internal_batch_size=batch if len(x) * steps > batch else None,
        )
        found.append(given.detach().numpy())
        progress("gradients", output + 1, outputs)
    return np.stack(found, axis=2)
