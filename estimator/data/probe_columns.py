"""Probes: columns of the data that are no model inputs, such as the target or a protected attribute.

A column of text is categorical, its levels verbatim. A column of numbers is numeric if it has more than 20
distinct values or one that is not whole; otherwise it is categorical, too.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from estimator.data.names import shown
from estimator.data.table import SPELLINGS_KEPT, Column, Table
from estimator.errors import InvalidDataset, InvalidParameter, Place

MOST_CATEGORIES = 100
MOST_CATEGORIES_OF_NUMBERS = 20


@dataclass(frozen=True)
class ProbeColumn:
    """values: (n,) numbers, or the positions in `levels`: (category verbatim, count), in sorted order."""

    name: str
    kind: Literal["categorical", "numeric"]
    values: NDArray[np.float64]
    levels: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()


def probe_column(column: Column, field: str, table: Table) -> ProbeColumn:
    """The column as a probe; `field` is the option that asked for it.

    Raises InvalidParameter for one value only, too many categories, or the row number.
    """
    if column.numbers is None:
        return _categorical(column, field, table)
    values = np.unique(column.numbers)
    if values.size == 1:
        raise _refused(column, field, f"has one value only, {float(values[0])!r}, in all rows")
    if _counts_rows(column.numbers):
        raise _refused(column, field, "is the row number, which says nothing of the data")
    if values.size <= MOST_CATEGORIES_OF_NUMBERS and bool((values == np.round(values)).all()):
        return _categorical(column, field, table)
    if column.first_inexact is not None:
        odd = column.first_inexact
        detail = (
            f"row {odd.row}, column {shown(column.name)} is {shown(odd.text)}: "
            "float64 cannot hold this whole number exactly"
        )
        raise InvalidDataset(detail, errors=[Place(detail, row=odd.row, column=column.name, field=field)])
    return ProbeColumn(column.name, "numeric", column.numbers)


def _categorical(column: Column, field: str, table: Table) -> ProbeColumn:
    if column.spellings is not None:
        levels: tuple[str, ...] = column.spellings.levels
        codes = column.spellings.codes.astype(np.int64)
    elif column.numbers is not None:
        values, codes = np.unique(column.numbers, return_inverse=True)
        levels = tuple(str(int(value)) for value in values)
    else:
        raise _refused(
            column, field, f"has more than {SPELLINGS_KEPT} categories; the limit is {MOST_CATEGORIES}"
        )
    if len(levels) == 1:
        raise _refused(column, field, f"has one value only, {shown(levels[0])}, in all rows")
    if len(levels) > MOST_CATEGORIES:
        hint = ""
        if column.first_text is not None and len(levels) > table.rows // 2:
            hint = f" (row {column.first_text.row} is {shown(column.first_text.text)}, which is no number)"
        raise _refused(column, field, f"has {len(levels)} categories{hint}; the limit is {MOST_CATEGORIES}")
    order = sorted(range(len(levels)), key=lambda k: _sort_key(levels[k], column.numbers is not None))
    counts = np.bincount(codes, minlength=len(levels))
    place = np.empty(len(levels))
    place[order] = np.arange(len(levels))
    warnings = []
    if column.numbers is not None and np.unique(column.numbers).size < len(levels):
        warnings.append(
            f"Column {shown(column.name)} spells some numbers in several ways; "
            "each spelling is a category of its own."
        )
    return ProbeColumn(
        name=column.name,
        kind="categorical",
        values=place[codes],
        levels=tuple((levels[k], int(counts[k])) for k in order),
        warnings=tuple(warnings),
    )


def _sort_key(level: str, is_number: bool) -> tuple[float, str]:
    return (float(level.replace(",", ".")) if is_number else 0.0, level)


def _counts_rows(numbers: NDArray[np.float64]) -> bool:
    return bool((np.abs(np.diff(numbers)) == 1).all()) and np.unique(numbers).size == numbers.size


def _refused(column: Column, field: str, why: str) -> InvalidParameter:
    detail = f"{field}: column {shown(column.name)} {why}; choose another column"
    return InvalidParameter(detail, errors=[Place(detail, field=field, column=column.name)])
