"""Inside of the isolated child: the shap library explains the ONNX model that runs beside it."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.runtime.child import Say
from estimator.runtime.session import RowModel

Floats = NDArray[np.float64]
BLOCK_ROWS = 4096
PIECES = 20  # in which progress is told


def compute_shap_values(arguments: dict[str, Any], say: Say) -> None:
    """The task, as `estimator.comparison.shapley` writes its arguments: values.npy and base.npy."""
    shap = _library()
    model = RowModel(arguments["layers"], arguments["batch"], arguments["threads"])
    rows, background = np.load("rows.npy"), np.load("background.npy")

    def predict(inputs: Floats) -> Floats:
        """(m, p) -> (m, k)"""
        parts = [
            np.column_stack(model.run(_feeds(arguments["inputs"], inputs[at : at + BLOCK_ROWS])))
            for at in range(0, len(inputs), BLOCK_ROWS)
        ]
        return np.concatenate(parts).astype(np.float64)

    np.random.seed(arguments["seed"])  # the generator that the library draws from
    kernel = arguments["explainer"] == "KernelExplainer"
    if kernel:
        explainer = shap.KernelExplainer(predict, background)
    else:
        masker = shap.maskers.Independent(background, max_samples=len(background))
        explainer = shap.PermutationExplainer(predict, masker, seed=arguments["seed"])
    found = []
    for piece in np.array_split(rows, min(PIECES, len(rows))):
        if kernel:
            values = explainer.shap_values(piece, l1_reg=False, silent=True)
        else:
            evaluations = arguments["permutations"] * (2 * rows.shape[1] + 1)
            values = explainer(piece, max_evals=evaluations, silent=True).values
        found.append(np.asarray(values, np.float64).reshape(len(piece), rows.shape[1], -1))
        say({"done": sum(map(len, found))})
    np.save("values.npy", np.concatenate(found))
    np.save("base.npy", predict(background).mean(axis=0))


def _library() -> Any:
    """shap, without its pictures: pyplot would look for fonts first. It compiles into the private folder."""
    os.environ["NUMBA_CACHE_DIR"] = str(Path.cwd())
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    import shap

    return shap


def _feeds(inputs: list[dict[str, Any]], rows: Floats) -> dict[str, Any]:
    return {
        given["name"]: rows[:, given["start"] : given["stop"]]
        .astype(given["dtype"])
        .reshape(len(rows), *given["shape"])
        for given in inputs
    }
