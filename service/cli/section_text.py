"""A section of a study as a terminal shows it: sentences, then tables in columns, no colours, no figures."""

import shutil
from collections.abc import Iterator, Sequence

from service.report.studies.section import Section, TableBlock
from service.report.text import shown, visible

WIDEST = 44
ROWS = 15


def section_lines(section: Section) -> Iterator[str]:
    """Line by line; long tables show their first rows and say so."""
    for sentence in section.sentences:
        yield visible(sentence)
    for table in section.tables:
        if table.rows:
            yield ""
            yield from _table(table)


def _table(table: TableBlock) -> Iterator[str]:
    yield visible(table.caption)
    cells = [tuple(shown(cell, WIDEST) for cell in row) for row in (table.header, *table.rows[:ROWS])]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.header))]
    if sum(widths) + 2 * len(widths) > shutil.get_terminal_size((160, 24)).columns:
        yield from _records(table.header, cells[1:])
    else:
        for row in cells:
            yield "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
    if len(table.rows) > ROWS:
        yield f"  ... and {len(table.rows) - ROWS} more rows; see --output or --json"


def _records(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """One row a line, each cell with its name: where columns would not fit."""
    for row in rows:
        yield "  " + ", ".join(f"{n}: {c}" if n else c for n, c in zip(header, row, strict=True))
