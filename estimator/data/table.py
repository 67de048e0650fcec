"""A table in memory: named columns of text or numbers, nothing guessed."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from estimator.options import refuse

TableKind = Literal["csv", "npy", "npz", "parquet"]


@dataclass(frozen=True)
class TableFormat:
    """How a data file is to be read; given by the user, never sniffed.

    delimiter, decimal and header are of CSV files; without a header the columns are `column_1`,
    `column_2` and so on. Raises InvalidParameter for a value that is not allowed.
    """

    kind: TableKind = "csv"
    delimiter: str = ","
    decimal: str = "."
    header: bool = True

    def __post_init__(self) -> None:
        if self.kind not in get_args(TableKind):
            raise refuse("kind", self.kind, "one of " + ", ".join(get_args(TableKind)))
        if self.decimal not in (".", ","):
            raise refuse("decimal", self.decimal, "'.' or ','")
        usable = len(self.delimiter) == 1 and (self.delimiter == "\t" or self.delimiter.isprintable())
        if not usable or self.delimiter.isalnum() or self.delimiter in "\"-+._ '":
            raise refuse("delimiter", self.delimiter, "one character such as ',', ';', '|' or a tab")
        if self.delimiter == self.decimal:
            raise refuse("delimiter", self.delimiter, "different from decimal")


@dataclass(frozen=True)
class TableLimits:
    """How large a data file may be; published at /v1/limits.

    file_bytes: of the file. decoded_bytes: of what an npz or parquet file unfolds to.
    cell_characters: of one cell of text.
    """

    file_bytes: int = 2**30
    decoded_bytes: int = 2**30
    rows: int = 5_000_000
    columns: int = 20_000
    cells: int = 100_000_000
    cell_characters: int = 10_000


# A column with more spellings than this keeps none of them: no probe may have so many categories.
SPELLINGS_KEPT = 1000


@dataclass(frozen=True)
class Spellings:
    """The distinct cells of a column, verbatim, by first appearance; codes: (n,) index of each row's."""

    levels: tuple[str, ...]
    codes: NDArray[np.int16]


@dataclass(frozen=True)
class OddCell:
    """A cell that stands in the way of numbers: its data row (from 1), its text, and where the row begins.

    line: of a text file, from 1; the row and the line drift apart where cells hold line breaks.
    """

    row: int
    text: str
    line: int | None = None

    @property
    def where(self) -> str:
        """`row 3 (line 5)`, for the errors."""
        return f"row {self.row}" if self.line is None else f"row {self.row} (line {self.line})"


@dataclass(frozen=True)
class Column:
    """One column, all rows present.

    numbers: (n,) float64, None where some cell is no number; first_text is then the first such cell.
    spellings: the cells verbatim, None where there are more than SPELLINGS_KEPT different ones, or where
    the file holds numbers instead of text.
    first_inexact: the first whole number that float64 cannot hold exactly.
    """

    name: str
    numbers: NDArray[np.float64] | None
    spellings: Spellings | None = None
    first_text: OddCell | None = None
    first_inexact: OddCell | None = None

    @property
    def text(self) -> NDArray[np.str_] | None:
        """(n,) the cells verbatim, where their spellings were kept."""
        if self.spellings is None:
            return None
        return np.array(self.spellings.levels, dtype=np.str_)[self.spellings.codes]


@dataclass(frozen=True)
class Table:
    """Columns of equal length in the file's order; names are unique after NFC. sha256 is of the bytes.

    format: how the file was read.
    """

    columns: tuple[Column, ...]
    rows: int
    sha256: str
    distinct_rows: int
    format: TableFormat = TableFormat()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of exactly this name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
