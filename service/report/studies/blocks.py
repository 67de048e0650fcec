"""Sections made ready for the page: ids, the figures' data, and which columns of a table are numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.report.rendering import embedded_json
from service.report.studies.section import FigureBlock, Section, TableBlock
from service.report.text import visible

# What text.py writes for a number, an interval of numbers, a percentage, or nothing.
_AMOUNT = r"(at least |at most |about |[<>≤≥] ?)?[-+−]?[\d,]*\.?\d+(e-?\d+)?( ?%)?"
_NUMERIC = re.compile(rf"({_AMOUNT}( to {_AMOUNT})?|[-–—]?|none|not defined)\Z")


@dataclass(frozen=True)
class ReadyTable:
    """numeric: for each column, whether all of it are numbers."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


@dataclass(frozen=True)
class ReadyFigure:
    """id: of the element that holds the data."""

    id: str
    caption: str
    alternative: str
    data: Markup


@dataclass(frozen=True)
class ReadySection:
    """A section with an id of its own on the page."""

    id: str
    title: str
    sentences: tuple[str, ...]
    tables: tuple[ReadyTable, ...]
    figures: tuple[ReadyFigure, ...]


def blocks(sections: Sequence[Section]) -> tuple[ReadySection, ...]:
    """Every text with its control characters escaped, whoever wrote it."""
    return tuple(
        ReadySection(
            id=f"study-{number}",
            title=visible(section.title),
            sentences=tuple(visible(sentence) for sentence in section.sentences),
            tables=tuple(_table(table) for table in section.tables),
            figures=tuple(
                _figure(figure, f"study-{number}-figure-{place}")
                for place, figure in enumerate(section.figures, 1)
            ),
        )
        for number, section in enumerate(sections, 1)
    )


def _table(table: TableBlock) -> ReadyTable:
    rows = tuple(tuple(visible(cell) for cell in row) for row in table.rows)
    width = len(table.header)
    if any(len(row) != width for row in rows):
        raise ValueError(f"table {table.caption!r}: a row has not as many cells as the header, {width}")
    numeric = tuple(all(_NUMERIC.match(row[column]) for row in rows) for column in range(width))
    return ReadyTable(visible(table.caption), tuple(visible(name) for name in table.header), rows, numeric)


def _figure(figure: FigureBlock, element: str) -> ReadyFigure:
    return ReadyFigure(
        element, visible(figure.caption), visible(figure.alternative), embedded_json(figure.figure)
    )
