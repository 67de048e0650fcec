"""Runs a library that explains the model in the isolated child process, beside the model itself.

The library gets rows of features and gives one value a row, feature and output. The child is believed only
as far as the shapes and the finiteness of what it wrote.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from estimator.activations import cut_down, layer_arguments
from estimator.comparison.subject import Subject
from estimator.errors import ModelCrashed
from estimator.model.inputs import batch_size, input_slices
from estimator.progress import Progress
from estimator.runtime.limits import RunLimits
from estimator.runtime.private_folder import private_folder
from estimator.runtime.process import Task, run_child

Floats = NDArray[np.float64]
ADDED_FILES = 2**26  # bytes that compiled code of a library, or its caches, may take in the private folder
LIBRARIES_MAPPED = 4 * 2**30  # bytes of address space that shared objects of the libraries take


def explain(
    task: Literal["shap", "gradients"],
    subject: Subject,
    given: Mapping[str, Floats],
    arguments: Mapping[str, Any],
    wanted: Mapping[str, tuple[int, ...]],
    progress: Progress,
) -> dict[str, Floats]:
    """The arrays `wanted`, {name: shape}, that the child made of the arrays `given`, of which `rows` is one.

    Raises what the child raises, and ModelCrashed for what is no such array.
    """
    limits = subject.limits or RunLimits()
    rows, told = len(given["rows"]), 0
    progress(task, 0, rows)

    def tick(message: dict[str, object] | None) -> None:
        nonlocal told
        done = None if message is None else message.get("done")
        if isinstance(done, int):
            told = max(told, min(rows, done))
        progress(task, told, rows)

    with private_folder(limits.folder) as folder:
        (folder / "model.onnx").write_bytes(cut_down(subject.model, subject.heads.layers))
        for name, array in given.items():
            np.save(folder / f"{name}.npy", array)
        size = 8 * sum(int(np.prod(shape)) for shape in wanted.values())
        run_child(
            Task(
                task,
                {**_of_the_model(subject, limits.threads), **arguments},
                mapped_bytes=LIBRARIES_MAPPED,
                file_bytes=size + ADDED_FILES,
            ),
            folder,
            limits,
            tick,
        )
        found = {name: _checked(folder / f"{name}.npy", shape) for name, shape in wanted.items()}
    progress(task, rows, rows)
    return found


def _of_the_model(subject: Subject, threads: int) -> dict[str, Any]:
    return {
        "batch": batch_size(subject.plan),
        "threads": threads,
        "inputs": [
            {"name": s.name, "dtype": s.dtype.name, "shape": s.row_shape, "start": s.start, "stop": s.stop}
            for s in input_slices(subject.plan)
        ],
        "layers": [layer_arguments(layer) for layer in subject.heads.layers],
    }


def _checked(path: Any, shape: tuple[int, ...]) -> Floats:
    try:
        array: Floats = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ModelCrashed(f"the process that explained the model left no {path.name}") from error
    if array.shape != shape or array.dtype != np.float64 or not np.isfinite(array).all():
        raise ModelCrashed(
            f"the process that explained the model gave no finite numbers of the shape {shape} ({path.name})"
        )
    return array
