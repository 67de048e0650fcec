"""Inside of the child: decodes `table.parquet` and writes plain columns.

numbers.f8: the columns of numbers, one after the other. codes.i2: those of text, as positions in their
levels. columns.json: what each column is.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.data.arrays import check_size, count_distinct_rows, number_column
from estimator.data.names import check_names, control_in, shown
from estimator.data.parquet_lists import flattened, inner_type, refuse_nulls
from estimator.data.table import SPELLINGS_KEPT, OddCell, TableFormat, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, MissingExtra, NifError, Place
from estimator.runtime.child import Say

BATCH_ROWS = 16_384


@dataclass(frozen=True)
class Text:
    """levels: by first appearance. positions: (n,), of each row's. first: the first row's text."""

    levels: list[str]
    positions: NDArray[np.int64]
    first: str


def read_parquet_columns(arguments: dict[str, Any], say: Say) -> None:
    """The task, as parquet_table.py writes its arguments."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra(
            "parquet files need pyarrow: install neural-information-flow[estimator]"
        ) from error
    limits = TableLimits(**arguments)
    try:
        _read(pyarrow, limits)
    except NifError:
        raise
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, MemoryError):
            raise
        detail = f"the file is not sound parquet: {str(error)[:200]}"
        raise InvalidDataset(detail, errors=[Place(detail)]) from error


def _read(pyarrow: Any, limits: TableLimits) -> None:
    file = pyarrow.parquet.ParquetFile("table.parquet", memory_map=False)
    schema = file.schema_arrow
    names = check_names(list(schema.names), TableFormat(kind="parquet"), limits)
    check_size(file.metadata.num_rows, len(names), limits)
    for name, field in zip(names, schema, strict=True):
        _check_type(pyarrow, name, field.type)
    batches, read, rows = [], 0, 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
        read, rows = read + batch.nbytes, rows + batch.num_rows
        if read > limits.decoded_bytes:
            raise LimitExceeded(
                f"the parquet file unfolds to more than {limits.decoded_bytes} bytes, the limit"
            )
        check_size(max(rows, file.metadata.num_rows), len(names), limits)
        batches.append(batch)
    columns = _spread(pyarrow, names, pyarrow.Table.from_batches(batches, schema=schema), limits)
    Path("columns.json").write_text(json.dumps(_written(columns, rows, limits)))


def _spread(
    pyarrow: Any, names: tuple[str, ...], table: Any, limits: TableLimits
) -> list[tuple[str, NDArray[Any] | Text]]:
    """Every column by its name; of a column of lists, `name_1`, `name_2` and so on."""
    columns: list[tuple[str, NDArray[Any] | Text]] = []
    for name, column in zip(names, table.columns, strict=True):
        if inner_type(pyarrow, column.type) != column.type:
            values = flattened(pyarrow, name, column)
            check_size(table.num_rows, len(columns) + values.shape[1], limits)
            alone = values.shape[1] == 1
            columns += [(name if alone else f"{name}_{i + 1}", part) for i, part in enumerate(values.T)]
            continue
        refuse_nulls(name, column)
        text = _is_text(pyarrow, column.type)
        columns.append((name, _text(column, name, limits) if text else column.to_numpy()))
    check_size(table.num_rows, len(columns), limits)
    return columns


def _written(
    columns: list[tuple[str, NDArray[Any] | Text]], rows: int, limits: TableLimits
) -> dict[str, Any]:
    """Writes numbers.f8 and codes.i2; returns what columns.json is to say."""
    described: list[dict[str, Any]] = []
    parts: list[NDArray[Any]] = []
    counts = {"numbers": 0, "text": 0}
    with Path("numbers.f8").open("wb") as numbers, Path("codes.i2").open("wb") as codes:
        for name, values in columns:
            kind = "text" if isinstance(values, Text) else "numbers"
            at: int | None = counts[kind]
            levels: list[str] = []
            odd: OddCell | None
            if isinstance(values, Text):
                levels, positions = values.levels, values.positions
                parts.append(positions)
                odd = OddCell(1, values.first[: limits.cell_characters])
                if len(levels) > SPELLINGS_KEPT:
                    at, levels = None, []
                else:
                    codes.write(positions.astype(np.int16).tobytes())
            else:
                odd = number_column(name, values).first_inexact
                numbers.write(values.astype(np.float64).tobytes())
                parts.append(values)
            counts[kind] += at is not None
            shown_odd = None if odd is None else {"row": odd.row, "text": odd.text}
            described.append({"name": name, "kind": kind, "at": at, "levels": levels, "odd": shown_odd})
    return {"rows": rows, "distinct_rows": count_distinct_rows(parts), "columns": described}


def _is_text(pyarrow: Any, kind: Any) -> bool:
    value = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    return bool(pyarrow.types.is_string(value) or pyarrow.types.is_large_string(value))


def _check_type(pyarrow: Any, name: str, kind: Any) -> None:
    types, inner = pyarrow.types, inner_type(pyarrow, kind)
    if types.is_integer(inner) or types.is_floating(inner) or types.is_boolean(inner):
        return
    if _is_text(pyarrow, kind):
        return
    detail = f"column {shown(name)} holds {str(kind)[:100]}; it must hold numbers, lists of numbers or text"
    raise InvalidDataset(detail, errors=[Place(detail, column=name)])


def _text(column: Any, name: str, limits: TableLimits) -> Text:
    encoded = column.combine_chunks().dictionary_encode()
    levels: list[str] = encoded.dictionary.to_pylist()
    positions: NDArray[np.int64] = encoded.indices.to_numpy().astype(np.int64)
    for level in levels:
        odd = control_in(level)
        if odd is not None or len(level) > limits.cell_characters:
            row = int(np.argmax(positions == levels.index(level))) + 1
            what = f"the control character {odd!a}" if odd else f"{len(level)} characters"
            detail = f"row {row}, column {shown(name)} has {what}"
            raise InvalidDataset(detail, errors=[Place(detail, row=row, column=name)])
    return Text(levels, positions, column[0].as_py())
