"""Inside of the isolated child: the shap library explains the ONNX model that runs beside it."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from estimator.comparison.explained_model import ExplainedModel
from estimator.runtime.child import Say

PIECES = 20  # in which progress is told


def compute_shap_values(arguments: dict[str, Any], say: Say) -> None:
    """The task, as `estimator.comparison.shapley` writes its arguments: values.npy and base.npy."""
    shap = _library()
    predict = ExplainedModel(arguments)
    rows, background = np.load("rows.npy"), np.load("background.npy")
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
