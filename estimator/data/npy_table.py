"""Tables in numpy's own files: an npy file is one array, an npz file a zip of named ones.

The first axis counts the rows; what each row holds is flattened, row-major, to columns. The array's header
is checked against the bytes that are there before anything is allocated, and nothing is ever unpickled.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from estimator.data.arrays import check_size, check_type, count_distinct_rows, number_column
from estimator.data.names import check_names, shown
from estimator.data.screen import check_kind, opened, sha256_of, size_of
from estimator.data.table import Column, Table, TableFormat, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, Place

HEADER_BYTES = 4096
# What zipfile raises of a damaged archive.
UNSOUND_ZIP = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error,
    EOFError, IndexError, OSError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Member:
    """An array of the file: its columns are `name` if it has one column, else name_1, name_2, ..."""

    name: str
    values: NDArray[Any]

    @property
    def names(self) -> list[str]:
        width = self.values.shape[1]
        return [self.name] if width == 1 and self.name else [f"{self.name}_{i + 1}" for i in range(width)]


def read_npy(source: bytes | Path, limits: TableLimits | None = None) -> Table:
    """The array's columns, named column_1, column_2, ... Raises InvalidDataset, LimitExceeded, TooFewRows."""
    limits = limits or TableLimits()
    size = size_of(source, limits)
    check_kind(source, "npy")
    with opened(source) as stream:
        values = _array(stream, size, "the file", limits)
    names = [f"column_{i + 1}" for i in range(values.shape[1])]
    return _table(source, [values], names, limits)


def read_npz(source: bytes | Path, limits: TableLimits | None = None) -> Table:
    """The columns of all arrays, in the file's order. Raises InvalidDataset, LimitExceeded, TooFewRows."""
    limits = limits or TableLimits()
    size_of(source, limits)
    check_kind(source, "npz")
    try:
        with opened(source) as stream, zipfile.ZipFile(stream) as archive:
            members = _members(archive, limits)
    except UNSOUND_ZIP as error:
        detail = f"the file is not a sound npz file: {str(error)[:200]}"
        raise InvalidDataset(detail, errors=[Place(detail)]) from error
    rows = {len(member.values) for member in members}
    if len(rows) != 1:
        detail = "the arrays have different numbers of rows: " + ", ".join(
            f"{shown(member.name)} {len(member.values)}" for member in members[:5]
        )
        raise InvalidDataset(detail, errors=[Place(detail)])
    names = [name for member in members for name in member.names]
    return _table(source, [member.values for member in members], names, limits)


def _members(archive: zipfile.ZipFile, limits: TableLimits) -> list[Member]:
    entries = archive.infolist()
    if not entries:
        raise InvalidDataset("the npz file holds no array")
    if len(entries) > limits.columns:
        raise LimitExceeded(f"the npz file holds {len(entries)} arrays; the limit is {limits.columns}")
    seen: set[str] = set()
    members, left = [], limits.decoded_bytes
    for entry in entries:
        name = entry.filename
        why = _why_refused(entry, name in seen)
        if why is not None:
            detail = f"the npz file's member {shown(name)} {why}"
            raise InvalidDataset(detail, errors=[Place(detail)])
        seen.add(name)
        if entry.file_size > left:
            raise LimitExceeded(f"the npz file unfolds to more than {limits.decoded_bytes} bytes, the limit")
        with archive.open(entry) as stream:
            # No more than was declared is ever read, and the checksum tells if that was a lie.
            data = stream.read(entry.file_size)
            if len(data) != entry.file_size or stream.read(1):
                raise zipfile.BadZipFile(f"{shown(name)} is not as long as it says")
        left -= len(data)
        where = f"array {shown(name)}"
        members.append(Member(name.removesuffix(".npy"), _array(io.BytesIO(data), len(data), where, limits)))
    return members


def _why_refused(entry: zipfile.ZipInfo, repeated: bool) -> str | None:
    if repeated:
        return "is there twice"
    if not entry.filename.endswith(".npy") or "/" in entry.filename or "\\" in entry.filename:
        return "is no array of numpy's savez: its name must end in .npy and have no folder"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type not in COMPRESSIONS:
        return "is compressed by a method that numpy does not use"
    return None


def _array(stream: BinaryIO, size: int, where: str, limits: TableLimits) -> NDArray[Any]:
    """The array in a stream of `size` bytes, as (rows, columns)."""
    try:
        version = npy.read_magic(stream)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, fortran, dtype = _header(stream, version, read_header)
    except Exception as error:  # whatever numpy's parser makes of hostile text
        detail = f"{where} has no sound npy header of version 1 or 2"
        raise InvalidDataset(detail, errors=[Place(detail, byte=0)]) from error
    check_type(dtype, where)
    if not shape or any(length < 0 for length in shape):
        detail = f"{where} has the shape {shape}; its first axis must count the rows"
        raise InvalidDataset(detail, errors=[Place(detail)])
    here, claimed = size - stream.tell(), prod(shape) * dtype.itemsize
    if here != claimed:
        detail = f"{where} claims {claimed} bytes of data (shape {shape}, {dtype.name}) and has {here}"
        raise InvalidDataset(detail, errors=[Place(detail, byte=stream.tell())])
    check_size(shape[0], prod(shape[1:]), limits)
    if prod(shape[1:]) == 0:
        raise InvalidDataset(f"{where} has the shape {shape}: no columns")
    flat = np.frombuffer(stream.read(claimed), dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C").reshape(shape[0], -1)


def _header(
    stream: BinaryIO, version: tuple[int, int], read_header: Any
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    digits = 2 if version == (1, 0) else 4
    length = int.from_bytes(stream.read(digits), "little")
    if length > HEADER_BYTES:
        raise ValueError("header too long")
    stream.seek(-digits, io.SEEK_CUR)
    shape, fortran, dtype = read_header(stream, max_header_size=HEADER_BYTES)
    if not all(type(length) is int for length in shape):
        raise ValueError("shape is not made of integers")
    return tuple(shape), bool(fortran), dtype


def _table(
    source: bytes | Path, arrays: Sequence[NDArray[Any]], names: list[str], limits: TableLimits
) -> Table:
    check_size(len(arrays[0]), len(names), limits)
    names_ = check_names(names, TableFormat(kind="npz"), limits)
    values = [array[:, j] for array in arrays for j in range(array.shape[1])]
    columns: list[Column] = [number_column(name, column) for name, column in zip(names_, values, strict=True)]
    return Table(
        columns=tuple(columns),
        rows=len(arrays[0]),
        sha256=sha256_of(source),
        distinct_rows=count_distinct_rows([c.numbers for c in columns if c.numbers is not None]),
    )
