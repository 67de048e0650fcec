"""Data files that no program writes by itself: one function a kind, with its format and its answer."""

import io
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from estimator.data.table import TableKind

ROWS = 40


@dataclass(frozen=True)
class HostileData:
    kind: TableKind
    make: Callable[[], bytes]
    slug: str


HOSTILE_DATA: dict[str, HostileData] = {}
Maker = Callable[[], bytes]


def hostile(kind: TableKind, slug: str) -> Callable[[Maker], Maker]:
    def add(make: Maker) -> Maker:
        HOSTILE_DATA[make.__name__] = HostileData(kind, make, slug)
        return make

    return add


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header(text: str) -> bytes:
    """An npy file of that header, with little behind it."""
    padded = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode() + b"\0" * 8


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/") + ".npy", data)
    return file.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd", **options)
    return file.getvalue()


# -- csv -----------------------------------------------------------------------------------------------------


@hostile("csv", "limit-exceeded")
def one_line_of_64_mebibytes() -> bytes:
    return b"1" * 2**26


@hostile("csv", "invalid-dataset")
def quote_never_closed() -> bytes:
    return b'a,b\n1,"2\n' + b"1,2\n" * 200_000


@hostile("csv", "limit-exceeded")
def cell_of_a_mebibyte() -> bytes:
    return b"a,b\n" + b"1,2\n" * ROWS + b"1," + b"x" * 2**20 + b"\n"


@hostile("csv", "invalid-dataset")
def one_cell_too_many_in_every_row() -> bytes:
    return b"a,b\n" + b"1,2,3\n" * ROWS


@hostile("csv", "invalid-dataset")
def nul_in_a_cell() -> bytes:
    return b"a,b\n" + b"1,2\n" * ROWS + b"1,2\0\n"


@hostile("csv", "invalid-dataset")
def utf16() -> bytes:
    return ("a,b\n" + "1,2\n" * ROWS).encode("utf-16")


@hostile("csv", "invalid-dataset")
def latin_1_late() -> bytes:
    return b"a,b\n" + b"1,2\n" * 100_000 + b"1,\xe9\n"


@hostile("csv", "limit-exceeded")
def too_many_columns() -> bytes:
    return b",".join(b"c%d" % i for i in range(30_000)) + b"\n"


@hostile("csv", "invalid-dataset")
def an_executable() -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40


# -- npy, npz ------------------------------------------------------------------------------------------------


@hostile("npy", "invalid-dataset")
def pickled_objects() -> bytes:
    return npy(np.array([{"a": 1}] * ROWS, dtype=object))


@hostile("npy", "invalid-dataset")
def a_pickle() -> bytes:
    return pickle.dumps([[1.0, 2.0]] * ROWS)


@hostile("npy", "invalid-dataset")
def claims_a_tebibyte() -> bytes:
    return header("{'descr': '<f8', 'fortran_order': False, 'shape': (4194304, 32768), }")


@hostile("npy", "invalid-dataset")
def claims_a_product_that_wraps() -> bytes:
    return header("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967297), }")


@hostile("npy", "invalid-dataset")
def header_that_computes() -> bytes:
    return header("{'descr': '<f8', 'fortran_order': False, 'shape': (9**9**9, 1), }")


@hostile("npy", "invalid-dataset")
def header_nested_deeply() -> bytes:
    return b"\x93NUMPY\x02\x00" + (10**6).to_bytes(4, "little") + b"(" * 10**6


@hostile("npz", "limit-exceeded")
def unfolds_a_thousandfold() -> bytes:
    return zipped(a=npy(np.zeros((ROWS, 2**22))))


@hostile("npz", "invalid-dataset")
def a_member_in_a_folder() -> bytes:
    return zipped(up__a=npy(np.zeros((ROWS, 2))))


@hostile("npz", "invalid-dataset")
def a_member_that_lies_about_its_size() -> bytes:
    data = bytearray(zipped(a=npy(np.random.default_rng(0).normal(size=(ROWS, 2)))))
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = (10**6).to_bytes(4, "little")
    return bytes(data)


@hostile("npz", "invalid-dataset")
def arrays_of_other_lengths() -> bytes:
    return zipped(a=npy(np.zeros((ROWS, 1))), b=npy(np.zeros((ROWS + 1, 1))))


@hostile("npz", "invalid-dataset")
def an_empty_archive() -> bytes:
    return zipped()


# -- parquet -------------------------------------------------------------------------------------------------


@hostile("parquet", "limit-exceeded")
def unfolds_to_gibibytes() -> bytes:
    same = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000, np.int32)), pa.array(["x" * 2**20]))
    return parquet(pa.table({"t": same}), store_schema=False)


@hostile("parquet", "invalid-dataset")
def lists_of_other_lengths() -> bytes:
    return parquet(pa.table({"a": [[1.0, 2.0]] * ROWS + [[1.0]]}))


@hostile("parquet", "limit-exceeded")
def lists_wider_than_a_table_may_be() -> bytes:
    values = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(ROWS * 50_000)), 50_000)
    return parquet(pa.table({"a": values}))


@hostile("parquet", "invalid-dataset")
def structs() -> bytes:
    return parquet(pa.table({"a": [{"b": 1}] * ROWS}))


@hostile("parquet", "invalid-dataset")
def a_footer_that_lies() -> bytes:
    data = bytearray(parquet(pa.table({"a": np.zeros(ROWS)})))
    data[-8:-4] = b"\xff\xff\xff\x7f"
    return bytes(data)
