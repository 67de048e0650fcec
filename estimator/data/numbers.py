"""The one grammar of numbers in data files, and why a cell is outside of it.

    -?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?

with the file's decimal mark for the point, no spaces, finite as float64, and not so small that it
becomes 0. What is outside of it is text: `007`, `+5`, `5.`, `1_000`, `0x10`, `NaN`, `1e999`, a blank.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import nan

import numpy as np
from numpy.typing import NDArray

from estimator.data.table import TableFormat

# Between cells that are checked together; the reader has refused it inside of cells.
SEPARATOR = "\x1f"
LARGEST_EXACT = 2.0**53
# A cell shorter than this and without exponent is too long a number to become 0 or infinite.
LONGEST_SAFE = 300
INEXACT = "float64 cannot hold this whole number exactly"
# Words for a number that is missing or not finite; they are never read as one.
NO_NUMBERS = ("inf", "infinity", "nan", "na", "#n/a", "null", "none", "n/a")


@dataclass(frozen=True)
class Grammar:
    """cell: one number. cells: any number of them, joined by SEPARATOR."""

    cell: re.Pattern[str]
    cells: re.Pattern[str]
    decimal: str


@cache
def grammar(decimal: str = ".") -> Grammar:
    number = rf"-?(?:0|[1-9][0-9]*+)(?:{re.escape(decimal)}[0-9]++)?(?:[eE][+-]?[0-9]++)?"
    return Grammar(re.compile(number), re.compile(f"(?>{number}{SEPARATOR})*+{number}"), decimal)


@dataclass(frozen=True)
class Parsed:
    """values: (n,), None where the cell `first_text` (from 0) is no number. first_inexact: see Column."""

    values: NDArray[np.float64] | None
    first_text: int | None = None
    first_inexact: int | None = None


def parse(cells: Sequence[str], numbers: Grammar) -> Parsed:
    """The numbers of the cells, if all of them are numbers."""
    joined = SEPARATOR.join(cells)
    if numbers.cells.fullmatch(joined) is None:
        return Parsed(None, first_text=next(i for i, cell in enumerate(cells) if not fits(cell, numbers)))
    spelled = cells if numbers.decimal == "." else joined.replace(numbers.decimal, ".").split(SEPARATOR)
    values = np.array(list(map(float, spelled)), dtype=np.float64)
    safe = "e" not in joined and "E" not in joined and max(map(len, cells)) < LONGEST_SAFE
    if not safe:
        # An exponent can leave the range of float64 at either end: 1e999 is no number, and 1e-400 is not 0.
        outside = ~np.isfinite(values)
        for i in np.flatnonzero(values == 0).tolist():
            outside[i] = any(digit in "123456789" for digit in re.split("[eE]", cells[i])[0])
        if outside.any():
            return Parsed(None, first_text=int(np.argmax(outside)))
    for i in np.flatnonzero(np.abs(values) >= LARGEST_EXACT).tolist():
        whole = re.fullmatch(r"(-?[0-9]+)(?:[.,]0+)?", cells[i])
        if whole and int(whole[1]) != int(values[i]):
            return Parsed(values, first_inexact=i)
    return Parsed(values)


def fits(cell: str, numbers: Grammar) -> bool:
    return numbers.cell.fullmatch(cell) is not None


def meant(cell: str) -> float | None:
    """What a cell outside of the grammar seems to mean: a number (`1_000`, `5.`, `1,5`, `+5`), NaN for one
    that is missing or not finite, None for text. Digits behind a 0 are a code (`007`), which is text."""
    bare = cell.strip()
    if not bare or bare.strip("+-").lower() in NO_NUMBERS:
        return nan
    if re.fullmatch(r"[+-]?0[0-9]+", bare):
        return None
    try:
        return float(bare.replace(",", ".", 1))
    except ValueError:
        return None


def why_no_number(cell: str, format: TableFormat | None = None) -> str:
    """What to tell the user of a cell that is no number: what it looks like, and the fix."""
    format = format or TableFormat()
    decimal = format.decimal
    if not cell.strip():
        return "it is blank; fill it in or remove the row (missing values are not guessed)"
    if fits(cell, grammar(decimal)):
        return "it is outside of the range of float64"
    other = "," if decimal == "." else "."
    if fits(cell, grammar(other)):
        return f"it has '{other}' where the decimal mark of this file is '{decimal}'; {_other_mark(format)}"
    if fits(cell.strip(), grammar(decimal)):
        return "it has a space beside the number"
    if cell.strip("+-").lower() in NO_NUMBERS:
        return "it is not a finite number; remove the row or fill in the value"
    if re.fullmatch(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}.*", cell):
        return "it looks like a date; give dates as numbers, such as days since a day of your choice"
    if meant(cell) is not None:
        return f"numbers are written with digits 0 to 9, as -1{decimal}5 or 2e-3, and in no other way"
    return (
        f"a model input must be a number such as -1{decimal}5 or 2e-3; code text as numbers, as in training"
    )


def _other_mark(format: TableFormat) -> str:
    """What to do about a file, or a cell of it, with the other decimal mark."""
    if format.decimal == ",":
        return "write it with ',', or give decimal as '.' if the others have that, too"
    if format.delimiter == ",":
        return "write it with '.', or save the file with ';' and give delimiter as ';' and decimal as ','"
    return "write it with '.', or give decimal as ',' if the others have that, too"
