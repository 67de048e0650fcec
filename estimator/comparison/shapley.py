"""SHAP values of the model's outputs, by the shap library (Lundberg and Lee 2017, arXiv:1705.07874).

Choose it: to see how far each output hangs on each feature when features are drawn independently.
Not for: features that move together; rows that mix them, which no data ever showed, are asked for then.

The library runs beside the ONNX model in the isolated child process (`shapley_child.py`); nothing of it is
written again here. Up to 11 features every coalition is weighed (KernelExplainer without regularisation:
exact); beyond, PermutationExplainer samples them.
"""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from estimator.activations import cut_down, layer_arguments
from estimator.comparison.drawn_rows import drawn_rows
from estimator.comparison.options import ComparisonOptions
from estimator.comparison.subject import Subject
from estimator.errors import LimitExceeded, MissingExtra, ModelCrashed, Place
from estimator.model.inputs import batch_size, input_slices
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits
from estimator.runtime.private_folder import private_folder
from estimator.runtime.process import Task, run_child

Floats = NDArray[np.float64]
EXACT_FEATURES = 11  # KernelExplainer looks at 2 p + 2048 coalitions, and 2^11 - 2 is fewer
PERMUTATIONS = 10
MOST_EVALUATIONS = 10**9
ADDED_FILES = 2**26  # bytes that compiled code of the library may take in the private folder


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
    if find_spec("shap") is None:
        raise MissingExtra(
            "SHAP values need shap, which is not installed; run: "
            "pip install 'neural-information-flow[compare]'; or leave shap out of methods",
            errors=[Place("shap is not installed", field="methods")],
        )
    rows = drawn_rows(len(subject.inputs), options.rows, options.seed, 0)
    background = drawn_rows(len(subject.inputs), options.background, options.seed, 1)
    features = subject.inputs.shape[1]
    explainer = "KernelExplainer" if features <= EXACT_FEATURES else "PermutationExplainer"
    asked = 2**features if features <= EXACT_FEATURES else PERMUTATIONS * (2 * features + 1)
    evaluations = len(rows) * len(background) * asked
    if evaluations > MOST_EVALUATIONS:
        detail = (
            f"SHAP would run the model on {evaluations:,} rows ({len(rows):,} rows explained, "
            f"{len(background):,} of background, {asked:,} coalitions of {features} features); the limit is "
            f"{MOST_EVALUATIONS:,}: explain fewer rows, or take a smaller background"
        )
        raise LimitExceeded(detail, errors=[Place(detail, field="rows"), Place(detail, field="background")])
    values, base = _in_child(subject, rows, background, explainer, options.seed, progress)
    additivity = float(np.abs(base + values.sum(axis=1) - subject.outputs[rows]).max(initial=0.0))
    return ShapValues(values, base, rows, background, explainer, additivity)


def _in_child(
    subject: Subject,
    rows: NDArray[np.int64],
    background: NDArray[np.int64],
    explainer: str,
    seed: int,
    progress: Progress,
) -> tuple[Floats, Floats]:
    limits = subject.limits or RunLimits()
    progress("shap", 0, len(rows))

    def tick(message: dict[str, object] | None) -> None:
        done = None if message is None else message.get("done")
        if isinstance(done, int):
            progress("shap", max(0, min(len(rows), done)), len(rows))
        else:
            progress("shap", 0, len(rows))

    k = len(subject.output_names)
    with private_folder(limits.folder) as folder:
        (folder / "model.onnx").write_bytes(cut_down(subject.model, subject.heads.layers))
        np.save(folder / "rows.npy", subject.inputs[rows])
        np.save(folder / "background.npy", subject.inputs[background])
        arguments = {
            "batch": batch_size(subject.plan),
            "threads": limits.threads,
            "inputs": [
                {
                    "name": s.name,
                    "dtype": s.dtype.name,
                    "shape": s.row_shape,
                    "start": s.start,
                    "stop": s.stop,
                }
                for s in input_slices(subject.plan)
            ],
            "layers": [layer_arguments(layer) for layer in subject.heads.layers],
            "explainer": explainer,
            "permutations": PERMUTATIONS,
            "seed": seed % 2**32,
        }
        size = 8 * len(rows) * subject.inputs.shape[1] * k
        run_child(Task("shap", arguments, file_bytes=size + ADDED_FILES), folder, limits, tick)
        values = np.load(folder / "values.npy", allow_pickle=False)
        base = np.load(folder / "base.npy", allow_pickle=False)
    return _checked(values, (len(rows), subject.inputs.shape[1], k)), _checked(base, (k,))


def _checked(array: Floats, shape: tuple[int, ...]) -> Floats:
    """What a child wrote is believed only as far as this."""
    if array.shape != shape or array.dtype != np.float64 or not np.isfinite(array).all():
        raise ModelCrashed(f"the process that computed SHAP values gave none of the shape {shape}")
    return array
