"""Read a data file of any kind that is known."""

from pathlib import Path

from estimator.data.csv_table import read_csv
from estimator.data.npy_table import read_npy, read_npz
from estimator.data.parquet_table import read_parquet
from estimator.data.table import Table, TableFormat, TableLimits


def read_table(
    source: bytes | Path, format: TableFormat | None = None, limits: TableLimits | None = None
) -> Table:
    """The table in the bytes or the file, read as `format` says.

    Raises InvalidDataset (with the place), LimitExceeded, TooFewRows.
    """
    format = format or TableFormat()
    if format.kind == "npy":
        return read_npy(source, limits)
    if format.kind == "npz":
        return read_npz(source, limits)
    if format.kind == "parquet":
        return read_parquet(source, limits)
    return read_csv(source, format, limits)
