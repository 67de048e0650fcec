"""Columns of lists in a parquet file: the same number of values a row, each a column of its own.

An image or a sequence stands in lists of lists, in lists of a fixed size or in a tensor type of Arrow's; what
a row holds is flattened, row-major, as an array of an npz file is.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.data.names import shown
from estimator.errors import InvalidDataset, Place


def is_list(pyarrow: Any, kind: Any) -> bool:
    types = pyarrow.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def inner_type(pyarrow: Any, kind: Any) -> Any:
    """The type of the values in lists, at whatever depth; that of a plain column is its own."""
    if isinstance(kind, pyarrow.FixedShapeTensorType) and kind.permutation in (
        None,
        sorted(kind.permutation),
    ):
        kind = kind.storage_type
    while is_list(pyarrow, kind):
        kind = kind.value_type
    return kind


def flattened(pyarrow: Any, name: str, column: Any) -> NDArray[Any]:
    """column: a chunked array of lists. Returns (rows, width).

    Raises InvalidDataset, with the row, for a list of another length than the first row's and for a missing
    value.
    """
    values = column.combine_chunks()
    if isinstance(values, pyarrow.ExtensionArray):
        values = values.storage
    rows, width = len(values), 1
    while is_list(pyarrow, values.type):
        refuse_nulls(name, values, width)
        if pyarrow.types.is_fixed_size_list(values.type):
            length = values.type.list_size
        else:
            lengths = np.diff(values.offsets.to_numpy())
            length = int(lengths[0])
            if (lengths != length).any():
                odd = int(np.argmax(lengths != length))
                what = f"a list of {lengths[odd]}, the first row one of {length}; all rows must hold as many"
                raise _refused(name, odd // width, what)
        if length == 0:
            raise _refused(name, 0, "an empty list")
        values, width = values.flatten(), width * length
    refuse_nulls(name, values, width)
    found: NDArray[Any] = values.to_numpy(zero_copy_only=False).reshape(rows, width)
    return found


def refuse_nulls(name: str, values: Any, width: int = 1) -> None:
    """values: an array, or a chunked one, of `width` values a row. Raises InvalidDataset, with the row."""
    if values.null_count:
        row = int(np.argmax(values.is_null().to_numpy(zero_copy_only=False))) // width
        why = "no value; fill it in or remove the row (missing values are not guessed)"
        raise _refused(name, row, why)


def _refused(name: str, row: int, what: str) -> InvalidDataset:
    detail = f"row {row + 1}, column {shown(name)} has {what}"
    return InvalidDataset(detail, errors=[Place(detail, row=row + 1, column=name)])
