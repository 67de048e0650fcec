"""The records of a CSV file, and where an unsound one is."""

import csv
from collections.abc import Iterator
from io import TextIOWrapper

from estimator.data.table import TableFormat, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, Place

LINE_CHARACTERS = 2**24
# Delimiters that a file may have instead of the one that was given.
USUAL_DELIMITERS = ",;\t|"
FIRST_RECORDS = 100


class CsvRecords(Iterator[list[str]]):
    """The records of a CSV file, each as long as the first; knows where it is for the errors."""

    def __init__(self, text: TextIOWrapper, format: TableFormat, limits: TableLimits) -> None:
        self.format = format
        # The line in which the last record began, from 1.
        self.line = 1
        self._text, self._limits = text, limits
        self._reader = csv.reader(self._lines(), delimiter=format.delimiter, strict=True)
        self._record_lines: list[str] = []
        self._first_lines: list[str] = []
        self._width: int | None = None
        self._count = 0

    def _lines(self) -> Iterator[str]:
        while line := self._text.readline(LINE_CHARACTERS + 1):
            if len(line) > LINE_CHARACTERS:
                number = self._reader.line_num + 1
                detail = f"line {number} has more than {LINE_CHARACTERS} characters, the limit"
                raise LimitExceeded(detail, errors=[Place(detail, line=number)])
            self._record_lines.append(line)
            yield line

    def __next__(self) -> list[str]:
        self.line = begins = self._reader.line_num + 1
        self._record_lines.clear()
        try:
            cells = next(self._reader)
        except csv.Error as error:
            raise self._broken(begins, error) from error
        self._count += 1
        if len(self._first_lines) < FIRST_RECORDS:
            self._first_lines.append("".join(self._record_lines))
        if not cells:
            detail = f"line {begins} is blank; remove it"
            raise InvalidDataset(detail, errors=[Place(detail, line=begins)])
        if self._width is None:
            self._width = len(cells)
        if len(cells) != self._width:
            raise self._wrong_width(begins, len(cells))
        if sum(map(len, self._record_lines)) > self._limits.cell_characters:
            self._check_cells(begins, cells)
        return cells

    @property
    def row(self) -> int:
        """Number of the last record as a data row, from 1."""
        return self._count - self.format.header

    def _broken(self, begins: int, error: csv.Error) -> InvalidDataset | LimitExceeded:
        too_long = "field larger" in str(error)
        if "unexpected end" in str(error) or (too_long and len(self._record_lines) > 1):
            line = begins + _last_unclosed(self._record_lines)
            how = f"not closed within {csv.field_size_limit()} characters" if too_long else "never closed"
            detail = f"the quote opened in line {line} is {how}"
            return InvalidDataset(detail, errors=[Place(detail, line=line)])
        if too_long:
            detail = (
                f"line {begins} has a cell of more than {self._limits.cell_characters} characters, the limit"
            )
            return LimitExceeded(detail, errors=[Place(detail, line=begins)])
        line = self._reader.line_num
        detail = f"line {line} is not sound CSV: {error}"
        return InvalidDataset(detail, errors=[Place(detail, line=line)])

    def _wrong_width(self, begins: int, cells: int) -> InvalidDataset:
        what = "header" if self.format.header else "row 1"
        detail = f"row {self.row} (line {begins}): {cells} cells, {what} {self._width}"
        hint = self.other_delimiter()
        if hint:
            detail += f"; {hint}"
            if self.format.delimiter == "," and self.format.decimal == ".":
                detail += ", and decimal as ',' if that is the decimal mark"
        return InvalidDataset(detail, errors=[Place(detail, row=self.row, line=begins)])

    def _check_cells(self, begins: int, cells: list[str]) -> None:
        for cell in cells:
            if len(cell) > self._limits.cell_characters:
                detail = (
                    f"line {begins} has a cell of {len(cell)} characters; "
                    f"the limit is {self._limits.cell_characters}"
                )
                raise LimitExceeded(detail, errors=[Place(detail, line=begins)])

    def other_delimiter(self) -> str | None:
        """A hint, where one column was found and another delimiter is equally often in every record."""
        if self._width != 1:
            return None
        for other in USUAL_DELIMITERS.replace(self.format.delimiter, ""):
            counts = {line.count(other) for line in self._first_lines}
            if len(counts) == 1 and (times := counts.pop()) > 0:
                often = f"{times} time{'s' if times > 1 else ''}"
                return f"1 column found, {other!r} seen {often} in every row: give delimiter as {other!r}"
        return None


def _last_unclosed(lines: list[str]) -> int:
    """Which of a record's lines opens the quote that is still open after the last one."""
    opened_in, is_open = 0, False
    for number, line in enumerate(lines):
        if not is_open:
            opened_in = number
        is_open ^= line.count('"') % 2 == 1
    return opened_in
