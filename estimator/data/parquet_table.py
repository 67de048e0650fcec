"""Tables in parquet files, decoded by pyarrow in a child process: a small file can unfold a thousandfold.

The child (parquet_child.py) leaves the columns as plain files of numbers and codes; they are checked here.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from estimator.data.arrays import check_size, number_column
from estimator.data.names import check_names
from estimator.data.screen import check_kind, sha256_of, size_of
from estimator.data.table import Column, OddCell, Spellings, Table, TableFormat, TableLimits
from estimator.errors import LimitExceeded, MemoryLimit
from estimator.runtime.limits import RunLimits
from estimator.runtime.private_folder import private_folder
from estimator.runtime.process import Task, run_child

SECONDS = 300.0


def read_parquet(source: bytes | Path, limits: TableLimits | None = None) -> Table:
    """The file's columns of numbers and text.

    Raises InvalidDataset (with the column, for a type that is neither, or a missing value), LimitExceeded,
    TooFewRows, TimeLimit, MissingExtra.
    """
    limits = limits or TableLimits()
    size_of(source, limits)
    check_kind(source, "parquet")
    run_limits = RunLimits(seconds=SECONDS, memory_bytes=2 * limits.decoded_bytes + 2**30)
    with private_folder() as folder:
        _copy(source, folder / "table.parquet")
        arguments = {
            "rows": limits.rows,
            "columns": limits.columns,
            "cells": limits.cells,
            "decoded_bytes": limits.decoded_bytes,
            "cell_characters": limits.cell_characters,
        }
        task = Task("parquet", arguments, file_bytes=10 * limits.cells)
        try:
            run_child(task, folder, run_limits, lambda message: None)
        except MemoryLimit as error:
            raise _unfolds(limits) from error
        return _table(json.loads((folder / "columns.json").read_bytes()), folder, source, limits)


def _unfolds(limits: TableLimits) -> LimitExceeded:
    return LimitExceeded(f"the parquet file unfolds to more than {limits.decoded_bytes} bytes, the limit")


def _copy(source: bytes | Path, to: Path) -> None:
    if isinstance(source, bytes):
        to.write_bytes(source)
    else:
        shutil.copyfile(source, to)


def _table(found: dict[str, Any], folder: Path, source: bytes | Path, limits: TableLimits) -> Table:
    rows: int = found["rows"]
    check_size(rows, len(found["columns"]), limits)
    check_names([column["name"] for column in found["columns"]], TableFormat(kind="parquet"), limits)
    numbers = np.fromfile(folder / "numbers.f8", dtype=np.float64).reshape(-1, rows)
    codes = np.fromfile(folder / "codes.i2", dtype=np.int16).reshape(-1, rows)
    columns: list[Column] = []
    for column in found["columns"]:
        name, at = column["name"], column["at"]
        odd = None if column["odd"] is None else OddCell(**column["odd"])
        if column["kind"] == "numbers":
            made = number_column(name, numbers[at])
            columns.append(Column(name=name, numbers=made.numbers, first_inexact=odd))
        else:
            spellings = None if at is None else Spellings(tuple(column["levels"]), codes[at])
            columns.append(Column(name=name, numbers=None, spellings=spellings, first_text=odd))
    return Table(
        columns=tuple(columns), rows=rows, sha256=sha256_of(source), distinct_rows=found["distinct_rows"]
    )
