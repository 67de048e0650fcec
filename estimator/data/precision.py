"""What is left of the data's numbers in the types that a model takes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimator.data.names import shown
from estimator.errors import InvalidDataset, Place
from estimator.model.inputs import InputSlice


def as_the_model_takes_them(
    inputs: NDArray[np.float64], names: Sequence[str], slices: Sequence[InputSlice]
) -> list[str]:
    """Check that the inputs (n, width) fit the model's types; a warning for every column that loses values.

    Raises InvalidDataset, naming row and column, for a value that the type cannot hold at all.
    """
    warnings = []
    for part in slices:
        for j in range(part.start, part.stop):
            warnings += _column(inputs[:, j], names[j], part.dtype)
    return warnings


def _column(values: NDArray[np.float64], name: str, dtype: np.dtype[np.generic]) -> list[str]:
    if dtype == np.float64:
        return []
    with np.errstate(over="ignore", invalid="ignore"):
        cast = values.astype(dtype)
        outside = cast.astype(np.float64) != values if dtype.kind in "iub" else ~np.isfinite(cast)
    if outside.any():
        row = int(np.argmax(outside))
        cell = repr(float(values[row]))
        detail = (
            f"row {row + 1}, column {shown(name)} is {cell}, "
            f"which the model's input type {dtype.name} cannot hold"
        )
        raise InvalidDataset(detail, errors=[Place(detail, row=row + 1, column=name)], cell=cell)
    if dtype.kind != "f":
        return []
    distinct, left = np.unique(values).size, np.unique(cast).size
    if left == distinct:
        return []
    return [
        f"Column {shown(name)} has {distinct:,} distinct values and {left:,} as {dtype.name}, "
        "the type that the model takes."
    ]
