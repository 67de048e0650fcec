"""Inside of the isolated child: the model by onnxruntime, as a function of rows of features."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.errors import NotFinite
from estimator.runtime.session import RowModel

Floats = NDArray[np.float64]
BLOCK_ROWS = 4096


class ExplainedModel:
    """A call takes (m, p) features and gives (m, k): the output layers' neurons side by side.

    arguments: as `estimator.comparison.explaining` writes them. Raises NotFinite for other outputs: rows
    are asked for that the table does not have.
    """

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._inputs = arguments["inputs"]
        self._model = RowModel(arguments["layers"], arguments["batch"], arguments["threads"])

    def __call__(self, features: Floats) -> Floats:
        parts = [
            np.column_stack(self._model.run(self._feeds(features[at : at + BLOCK_ROWS])))
            for at in range(0, len(features), BLOCK_ROWS)
        ]
        outputs = np.concatenate(parts).astype(np.float64)
        if not np.isfinite(outputs).all():
            raise NotFinite(
                "the model gives no finite number where features of several rows are mixed, or at their "
                "mean; leave out the methods that ask for this (shap, integrated_gradients)"
            )
        return outputs

    def _feeds(self, rows: Floats) -> dict[str, Any]:
        return {
            given["name"]: rows[:, given["start"] : given["stop"]]
            .astype(given["dtype"])
            .reshape(len(rows), *given["shape"])
            for given in self._inputs
        }
