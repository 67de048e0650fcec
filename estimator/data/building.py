"""Columns that grow block by block while a text file is read; memory is 8 to 10 bytes a cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.data.numbers import Grammar, parse
from estimator.data.table import SPELLINGS_KEPT, Column, OddCell, Spellings


@dataclass
class GrowingColumn:
    """One column in the making. Raises nothing: a cell that is no number makes the column text."""

    name: str
    grammar: Grammar
    rows: int = 0
    first_text: OddCell | None = None
    first_inexact: OddCell | None = None
    _numbers: list[NDArray[np.float64]] = field(default_factory=list)
    _levels: dict[str, int] | None = field(default_factory=dict)
    _codes: list[NDArray[np.int16]] = field(default_factory=list)

    def add(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        """lines: where the rows of the cells begin in the file."""
        if self.first_text is None:
            self._add_numbers(cells, lines)
        if self._levels is not None:
            self._add_spellings(cells, self._levels)
        self.rows += len(cells)

    def _add_numbers(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        parsed = parse(cells, self.grammar)
        if parsed.first_inexact is not None and self.first_inexact is None:
            self.first_inexact = self._odd(parsed.first_inexact, cells, lines)
        if parsed.values is not None:
            self._numbers.append(parsed.values)
        elif parsed.first_text is not None:
            self.first_text = self._odd(parsed.first_text, cells, lines)
            self._numbers.clear()

    def _odd(self, position: int, cells: Sequence[str], lines: Sequence[int]) -> OddCell:
        return OddCell(row=self.rows + position + 1, text=cells[position], line=lines[position])

    def _add_spellings(self, cells: Sequence[str], levels: dict[str, int]) -> None:
        for cell in dict.fromkeys(cells):
            levels.setdefault(cell, len(levels))
        if len(levels) > SPELLINGS_KEPT:
            self._levels = None
            self._codes.clear()
        else:
            codes = np.fromiter(map(levels.__getitem__, cells), dtype=np.int16, count=len(cells))
            self._codes.append(codes)

    def column(self) -> Column:
        """The column of all rows so far."""
        spellings = None
        if self._levels is not None:
            spellings = Spellings(tuple(self._levels), _joined(self._codes, np.int16))
        return Column(
            name=self.name,
            numbers=_joined(self._numbers, np.float64) if self.first_text is None else None,
            spellings=spellings,
            first_text=self.first_text,
            first_inexact=self.first_inexact if self.first_text is None else None,
        )


def _joined(blocks: list[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    whole = np.concatenate(blocks) if blocks else np.empty(0, dtype=dtype)
    blocks.clear()
    return whole
