"""What every call checks of its arrays and its device."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimator.errors import InvalidParameter, Place, TooFewRows
from estimator.options import MINIMUM_ROWS, Device, refuse

Floats = NDArray[np.float64]


def resolve_device(device: Device) -> Device:
    """`auto` as what it stands for here. Raises InvalidParameter for cuda where there is none."""
    if device == "cpu":
        return "cpu"
    if device not in ("auto", "cuda"):
        raise refuse("device", device, "auto, cpu or cuda")
    import torch

    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise refuse("device", device, "cpu or auto here: torch finds no CUDA device")
    return "cuda" if found else "cpu"


def checked(values: ArrayLike, name: str) -> Floats:
    """The columns as float64. -0.0 becomes 0.0, for the two are one value."""
    try:
        X = np.asarray(values, dtype=np.float64) + 0.0
    except (TypeError, ValueError) as error:
        detail = f"{name} cannot be read as numbers ({error})"
        raise InvalidParameter(detail, errors=[Place(detail, field=name)]) from error
    if X.ndim != 2:
        detail = f"{name} has shape {X.shape}; it must be (rows, columns)"
        raise InvalidParameter(detail, errors=[Place(detail, field=name)])
    if X.shape[0] < MINIMUM_ROWS:
        detail = f"{name} has {X.shape[0]} rows; at least {MINIMUM_ROWS} are needed to estimate anything"
        raise TooFewRows(detail, errors=[Place(detail, field=name)])
    if not (finite := np.isfinite(X)).all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        detail = (
            f"column {column} of {name} is {X[row, column]} in row {row + 1}, and {int((~finite).sum())} "
            "values are not finite in all; leave out those rows or columns"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field=name, row=row + 1, column=f"{column}")])
    return X
