"""CSV, strictly: every cell is kept or refused with its place; nothing is sniffed, filled in or dropped.

1. The bytes are screened: size, UTF-8 (a byte order mark is allowed), no control characters, hash.
2. The csv module splits them into records; every record must have as many cells as the header.
3. Columns grow block by block, as numbers as long as every cell fits the grammar of numbers.py.
"""

import hashlib
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import chain
from pathlib import Path

import numpy as np

from estimator.data.building import GrowingColumn
from estimator.data.csv_records import CsvRecords
from estimator.data.names import check_names
from estimator.data.numbers import SEPARATOR, grammar
from estimator.data.screen import check_kind, check_text, opened, sha256_of, size_of
from estimator.data.table import Table, TableFormat, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, Place, TooFewRows
from estimator.options import MINIMUM_ROWS

BLOCK_CELLS = 200_000


def read_csv(
    source: bytes | Path, format: TableFormat | None = None, limits: TableLimits | None = None
) -> Table:
    """The table in the bytes or the file.

    Raises InvalidDataset (with row, column, line or byte), LimitExceeded, TooFewRows.
    """
    format, limits = format or TableFormat(), limits or TableLimits()
    size_of(source, limits)
    check_kind(source, "csv")
    check_text(source)
    with opened(source) as stream, TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        records = CsvRecords(text, format, limits)
        first = next(records, None)
        if first is None:
            raise too_few(0)
        if format.header:
            names = check_names(first, format, limits)
            rows: Iterator[list[str]] = records
        else:
            names = check_names([f"column_{i + 1}" for i in range(len(first))], format, limits)
            rows = chain([first], records)
        return _grow(names, rows, records, sha256_of(source), limits)


def too_few(rows: int) -> TooFewRows:
    return TooFewRows(f"the table has {rows} data rows; at least {MINIMUM_ROWS} are needed")


def _grow(
    names: tuple[str, ...], rows: Iterator[list[str]], records: CsvRecords, sha256: str, limits: TableLimits
) -> Table:
    columns = [GrowingColumn(name, grammar(records.format.decimal)) for name in names]
    block: list[list[str]] = []
    lines: list[int] = []  # where the block's rows begin
    digests = bytearray()  # 8 bytes a row, to count the distinct ones
    most = max(1, BLOCK_CELLS // len(names))
    most_rows = min(limits.rows, limits.cells // len(names))

    def flush() -> None:
        for column, cells in zip(columns, zip(*block, strict=True), strict=True):
            column.add(cells, lines)
        block.clear()
        lines.clear()

    for cells in rows:
        block.append(cells)
        lines.append(records.line)
        digests += hashlib.blake2b(SEPARATOR.join(cells).encode(), digest_size=8).digest()
        if len(digests) > 8 * most_rows:
            raise LimitExceeded(
                f"the table has more than {most_rows} rows; the limits are {limits.rows} rows and "
                f"{limits.cells} cells"
            )
        if len(block) == most:
            flush()
    if hint := records.other_delimiter():
        raise InvalidDataset(hint, errors=[Place(hint, field="delimiter", line=1)])
    count = len(digests) // 8
    if count < MINIMUM_ROWS:
        raise too_few(count)
    if block:
        flush()
    distinct = int(np.unique(np.frombuffer(bytes(digests), dtype=np.uint64)).size)
    return Table(
        columns=tuple(column.column() for column in columns),
        rows=count,
        sha256=sha256,
        distinct_rows=distinct,
        format=records.format,
    )
