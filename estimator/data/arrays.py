"""Columns from arrays of numbers, as npy, npz and parquet files hold them."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimator.data.names import shown
from estimator.data.table import Column, OddCell, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, Place, TooFewRows
from estimator.options import MINIMUM_ROWS

LARGEST_EXACT = 2**53
BLOCK_BYTES = 2**24


def check_size(rows: int, columns: int, limits: TableLimits) -> None:
    """Raises LimitExceeded, TooFewRows."""
    if columns > limits.columns:
        raise LimitExceeded(f"the table has {columns} columns; the limit is {limits.columns}")
    if rows > limits.rows or rows * columns > limits.cells:
        raise LimitExceeded(
            f"the table has {rows} rows of {columns} columns; the limits are {limits.rows} rows and "
            f"{limits.cells} cells"
        )
    if rows < MINIMUM_ROWS:
        raise TooFewRows(f"the table has {rows} data rows; at least {MINIMUM_ROWS} are needed")


def check_type(dtype: np.dtype[np.generic], where: str, column: str | None = None) -> None:
    """Raises InvalidDataset for a type that float64 cannot stand for."""
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        what = dtype.name if dtype.names is None else "records"
        detail = f"{where} holds {what}; it must hold numbers of at most 8 bytes"
        raise InvalidDataset(detail, errors=[Place(detail, column=column)])


def number_column(name: str, values: NDArray[np.generic]) -> Column:
    """values: (n,) of a type that passes `check_type`. Raises InvalidDataset for NaN and infinity, by row."""
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.all():
        row = int(np.argmin(finite))
        detail = (
            f"row {row + 1}, column {shown(name)} is {numbers[row]}, not a finite number; "
            "remove the row or fill in the value"
        )
        raise InvalidDataset(detail, errors=[Place(detail, row=row + 1, column=name)])
    return Column(name=name, numbers=numbers, first_inexact=_first_inexact(values, numbers))


def _first_inexact(values: NDArray[np.generic], numbers: NDArray[np.float64]) -> OddCell | None:
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8:
        return None
    for row in np.flatnonzero(np.abs(numbers) >= LARGEST_EXACT).tolist():
        if int(values[row]) != int(numbers[row]):
            return OddCell(row=row + 1, text=str(int(values[row])))
    return None


def count_distinct_rows(parts: Sequence[NDArray[np.generic]]) -> int:
    """Distinct rows of columns side by side: arrays (n,) of numbers or of codes; -0.0 is 0.0."""
    rows = len(parts[0])
    step = max(1, BLOCK_BYTES // (8 * len(parts)))
    digests = bytearray()
    for start in range(0, rows, step):
        block = np.column_stack([part[start : start + step].astype(np.float64) + 0.0 for part in parts])
        for row in block:
            digests += hashlib.blake2b(row.tobytes(), digest_size=8).digest()
    return int(np.unique(np.frombuffer(bytes(digests), dtype=np.uint64)).size)
