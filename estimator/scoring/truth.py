"""The labels that a model's outputs are compared with, as a metric needs them; `labels.py` reads them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.scoring.metrics import Floats, Metric, auc, correct, squared_errors, two_class_scores


@dataclass(frozen=True)
class Truth:
    """The labels, as `metric` needs them.

    column: of the table. codes: (n,) the class of each row, for accuracy and AUC. values: (n,) the numbers,
    for RMSE. classes: the names of the classes, in the order of the outputs; none for RMSE.
    output: for RMSE, which of the outputs is compared.
    """

    column: str
    metric: Metric
    classes: tuple[str, ...] = ()
    codes: NDArray[np.int64] | None = None
    values: Floats | None = None
    output: int = 0

    def score(self, outputs: Floats) -> float:
        """The metric of outputs (n, k), as the output layer has them."""
        if self.metric == "auc":
            return auc(two_class_scores(outputs), self._codes)
        mean = float(self.by_row(outputs).mean())
        return mean if self.metric == "accuracy" else float(np.sqrt(mean))

    def by_row(self, outputs: Floats) -> Floats:
        """(n,) what is averaged over rows: 1 for a correct one (accuracy), the squared error (RMSE)."""
        if self.values is not None:
            return squared_errors(outputs[:, self.output], self.values)
        return correct(outputs, self._codes)

    @property
    def _codes(self) -> NDArray[np.int64]:
        if self.codes is None:
            raise AssertionError("this metric has no classes")
        return self.codes
