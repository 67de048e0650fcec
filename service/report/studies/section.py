"""The blocks of a section: sentences, tables and figures, in this order. They know nothing of HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TableBlock:
    """rows: as many cells as the header has; text as it is to be read, escaped by the page."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FigureBlock:
    """figure: what plotly draws, {"data": [...], "layout": {...}}, plain JSON values.

    alternative: the figure in words, for those who cannot see it.
    """

    caption: str
    figure: Mapping[str, Any]
    alternative: str


@dataclass(frozen=True)
class Section:
    """sentences: the result in plain words, the most important first."""

    title: str
    sentences: tuple[str, ...]
    tables: tuple[TableBlock, ...] = ()
    figures: tuple[FigureBlock, ...] = ()
