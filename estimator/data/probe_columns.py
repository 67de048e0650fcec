"""Probes: columns of the data that are no model inputs, such as the target or a protected attribute.

A column of text is categorical, its levels verbatim. A column of numbers is numeric if it has more than 20
distinct values or one that is not whole; otherwise it is categorical, too. A column that would be numeric but
for cells such as a blank, `NaN` or `1_000` is neither: it is refused by the first of them.
"""

from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from estimator.data.names import shown
from estimator.data.numbers import INEXACT, meant, why_no_number
from estimator.data.table import SPELLINGS_KEPT, Column, OddCell, Table
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

    Raises InvalidParameter for one value only, too many categories, or the row number; InvalidDataset, by
    row, for a cell that is no number in a column of numbers, or that float64 cannot hold exactly.
    """
    if column.numbers is None:
        _refuse_misspelled(column, field, table)
        return _categorical(column, field)
    values = np.unique(column.numbers)
    by_spelling = column.spellings is not None and not _is_numeric(values)
    if column.first_inexact is not None and not by_spelling:
        raise _odd_cell(column, field, column.first_inexact, INEXACT)
    if values.size == 1 and column.first_inexact is None:
        raise _one_value(column, field, repr(float(values[0])))
    if _counts_rows(column.numbers):
        raise _refused(column, field, "is the row number, which says nothing of the data")
    if not _is_numeric(values):
        return _categorical(column, field)
    return ProbeColumn(column.name, "numeric", column.numbers)


def _is_numeric(values: NDArray[np.float64]) -> bool:
    """values: the distinct ones."""
    return values.size > MOST_CATEGORIES_OF_NUMBERS or not bool((values == np.round(values)).all())


def _refuse_misspelled(column: Column, field: str, table: Table) -> None:
    """Some blanks or `5.` must not turn a column of numbers into one of categories in silence."""
    odd = column.first_text
    # What is text in a parquet file was stored as text.
    if odd is None or column.spellings is None or table.format.kind != "csv":
        return
    values = [meant(level) for level in column.spellings.levels]
    numbers = [value for value in values if value is not None and isfinite(value)]
    if None not in values and _is_numeric(np.unique(numbers)):
        raise _odd_cell(column, field, odd, why_no_number(odd.text, table.format))


def _odd_cell(column: Column, field: str, odd: OddCell, why: str) -> InvalidDataset:
    cell = shown(odd.text)
    detail = f"{field}: {odd.where}, column {shown(column.name)} is {cell}: {why}"
    place = Place(detail, row=odd.row, line=odd.line, column=column.name, field=field)
    return InvalidDataset(detail, errors=[place], cell=cell)


def _categorical(column: Column, field: str) -> ProbeColumn:
    if column.spellings is not None:
        levels: tuple[str, ...] = column.spellings.levels
        codes = column.spellings.codes.astype(np.int64)
    elif column.numbers is not None:
        values, codes = np.unique(column.numbers, return_inverse=True)
        levels = tuple(str(int(value)) for value in values)
    else:
        raise _too_many(column, field, f"more than {SPELLINGS_KEPT}")
    if len(levels) == 1:
        raise _one_value(column, field, shown(levels[0]))
    if len(levels) > MOST_CATEGORIES:
        raise _too_many(column, field, str(len(levels)))
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


def _too_many(column: Column, field: str, count: str) -> InvalidParameter:
    """The first cell that is no number is named: without it, the column may have been one of numbers."""
    odd = column.first_text
    if odd is None:
        return _refused(column, field, f"has {count} categories; the limit is {MOST_CATEGORIES}")
    cell = shown(odd.text)
    hint = f"{odd.where} is {cell}, which is no number"
    why = f"has {count} categories ({hint}); the limit is {MOST_CATEGORIES}"
    error = _refused(column, field, why, cell)
    error.errors = tuple(replace(place, row=odd.row, line=odd.line) for place in error.errors)
    return error


def _one_value(column: Column, field: str, value: str) -> InvalidParameter:
    return _refused(column, field, f"has one value only, {value}, in all rows", value)


def _refused(column: Column, field: str, why: str, cell: str | None = None) -> InvalidParameter:
    detail = f"{field}: column {shown(column.name)} {why}; choose another column"
    return InvalidParameter(detail, errors=[Place(detail, field=field, column=column.name)], cell=cell)
