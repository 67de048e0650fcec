"""A table in memory: named columns of text or numbers, nothing guessed."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TableFormat:
    """How a data file is to be read; given by the user, never sniffed."""

    kind: Literal["csv", "npy", "npz", "parquet"] = "csv"
    delimiter: str = ","
    decimal: str = "."
    header: bool = True


@dataclass(frozen=True)
class Column:
    """One column, all rows present.

    text: (n,) the cells verbatim, None where the file held numbers.
    numbers: (n,) float64, None where some cell is no number.
    first_text_row: where numbers is None, the first data row (from 1) whose cell is no number.
    """

    name: str
    text: NDArray[np.str_] | None
    numbers: NDArray[np.float64] | None
    first_text_row: int | None = None


@dataclass(frozen=True)
class Table:
    """Columns of equal length in the file's order; names are unique after NFC. sha256 is of the bytes."""

    columns: tuple[Column, ...]
    rows: int
    sha256: str
    distinct_rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of exactly this name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
