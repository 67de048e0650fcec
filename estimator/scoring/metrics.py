"""Accuracy, AUC and RMSE of outputs against labels; each also as a mean over rows, where it is one.

Choose `accuracy` for classes; `auc` for two classes where the order counts and not the threshold; `rmse` for
numbers. Not for: several labels a row, survival times, rankings within groups.
"""

from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Metric = Literal["accuracy", "auc", "rmse"]
MetricAsked = Literal["auto", "accuracy", "auc", "rmse"]
METRICS: tuple[Metric, ...] = ("accuracy", "auc", "rmse")
HIGHER_IS_BETTER: dict[Metric, bool] = {"accuracy": True, "auc": True, "rmse": False}


def correct(outputs: Floats, codes: NDArray[np.int64]) -> Floats:
    """(n,) 1 where the prediction is the label's class, else 0; its mean is the accuracy.

    outputs: (n, k) one column a class: the prediction is the first of the largest; or (n, 1) the probability
    of class 1: the prediction is class 1 above one half. codes: (n,) the label's class.
    """
    predicted = outputs[:, 0] > 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return cast(Floats, (predicted.astype(np.int64) == codes).astype(np.float64))


def two_class_scores(outputs: Floats) -> Floats:
    """(n,) higher for class 1: the one output, or by how much the second of two exceeds the first."""
    return outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]


def auc(scores: Floats, codes: NDArray[np.int64]) -> float:
    """The area under the ROC curve: the share of pairs (a row of class 1, one of class 0) in which the first
    has the higher score; ties count one half (Mann-Whitney).

    scores: (n,). codes: (n,) of 0 and 1, both there.
    """
    from scipy.stats import rankdata  # takes longer to load than most models to run

    ones = codes == 1
    m = int(ones.sum())
    return float((rankdata(scores)[ones].sum() - m * (m + 1) / 2) / (m * (len(codes) - m)))


def squared_errors(outputs: Floats, values: Floats) -> Floats:
    """(n,) squares; the root of their mean is the RMSE, in the target's unit."""
    return cast(Floats, np.square(outputs - values))
