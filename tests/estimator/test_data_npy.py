"""npy and npz files: what numpy wrote is read back; what could hurt is refused before it is allocated."""

import io
import pickle
import struct
import time
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest

from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, NifError, TooFewRows

X = np.random.default_rng(0).normal(size=(40, 3))


def npy(array: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def header(text: str, version: tuple[int, int] = (1, 0), length: int | None = None) -> bytes:
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes(version) + size + text.encode()


def shaped(shape: str, descr: str = "'<f8'") -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def read(data: bytes, kind: str = "npy", **limits: int) -> Table:
    return read_table(data, TableFormat(kind=kind), TableLimits(**limits))


def refusal(
    data: bytes, kind: type[NifError] = InvalidDataset, format: str = "npy", **limits: int
) -> NifError:
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        read(data, format, **limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - began < 10
    assert peak < 64 * 2**20 + 4 * len(data)
    assert len(caught.value.detail) <= 500
    return caught.value


@pytest.mark.parametrize(
    "array",
    [X, np.asfortranarray(X), X.astype(">f8"), X.astype(np.float32), X.astype(np.float16), X > 0, X[:, ::-1],
     (100 * X).astype(np.int64), (100 * abs(X)).astype(">u2")],
    ids=range(9),
)  # fmt: skip
def test_an_array_of_numbers_is_read_back_exactly(array: Any) -> None:
    table = read(npy(array))
    assert table.names == ("column_1", "column_2", "column_3")
    np.testing.assert_array_equal(
        np.column_stack([c.numbers for c in table.columns]), array.astype(np.float64)
    )


def test_rows_of_more_axes_are_flattened_row_major() -> None:
    images = np.arange(40 * 12).reshape(40, 1, 3, 4)
    table = read(npy(images))
    assert [column.numbers[2] for column in table.columns] == images[2].ravel().tolist()
    assert read(npy(np.arange(40.0))).names == ("column_1",)


def test_repeated_rows_are_counted_and_both_zeros_are_one() -> None:
    table = read(npy(np.r_[X, -0.0 * X, 0.0 * X]))
    assert (table.rows, table.distinct_rows) == (120, 41)


def test_a_whole_number_beyond_float64_is_remembered() -> None:
    values = np.arange(40)
    values[7] = 2**53 + 1
    cell = read(npy(values)).columns[0].first_inexact
    assert (cell.row, cell.text) == (8, "9007199254740993")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_by_row_and_column(value: float) -> None:
    values = X.copy()
    values[4, 1] = value
    place = refusal(npy(values)).errors[0]
    assert (place.row, place.column) == (5, "column_2")


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("unpickled",))


@pytest.mark.parametrize(
    "data",
    [
        npy(np.array([Bomb()] * 40, dtype=object), allow_pickle=True),
        pickle.dumps(Bomb()),
        npy(np.zeros(40, dtype=[("a", "f8"), ("b", "i4")])),
        npy(np.zeros(40, dtype="U5")),
        npy(np.zeros(40, dtype="S5")),
        npy(np.zeros(40, dtype="M8[ns]")),
        npy(np.zeros(40, dtype=complex)),
        npy(np.zeros(40, dtype=np.longdouble)),
        npy(np.float64(3)),
        npy(np.zeros((40, 0))),
        shaped("(1099511627776,)"),
        shaped("(1099511627776, 1099511627776)"),
        shaped("(-5, 3)"),
        shaped("(-5, -8)") + bytes(320),
        shaped("(40.0,)") + bytes(320),
        shaped("(True, 40)") + bytes(320),
        shaped("'40'") + bytes(320),
        shaped("(40,)", "'|O'") + bytes(320),
        shaped("(40,)", "'no type'") + bytes(320),
        shaped("(" * 3000 + "40,)"),
        header("x" * 100),
        header("{}", length=65535),
        header("{}", version=(2, 0), length=2**32 - 1),
        header("{}", version=(9, 9)),
        npy(X) + b"junk",
        npy(X)[:-1],
        npy(X)[:50],
        b"\x93NUMPY",
        b"",
        zipped(("a.npy", npy(X))),
        b"a,b\n1,2\n",
    ],
    ids=range(31),
)
def test_an_unsound_npy_file_is_refused_before_anything_is_allocated(data: bytes) -> None:
    refusal(data)


def test_sizes_beyond_the_limits_are_refused() -> None:
    refusal(npy(X), LimitExceeded, rows=39)
    refusal(npy(X), LimitExceeded, columns=2)
    refusal(npy(X), LimitExceeded, file_bytes=100)
    assert "at least 30" in refusal(npy(X[:29]), TooFewRows).detail


def test_the_arrays_of_an_npz_file_lie_side_by_side() -> None:
    table = read(npz(image=X, label=np.arange(40) % 3), "npz")
    assert table.names == ("image_1", "image_2", "image_3", "label")
    assert table.column("label").numbers[4] == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (npz(a=X, b=X[:30]), "different numbers of rows"),
        (npz(a=np.array([Bomb()] * 40, dtype=object)), "holds object"),
        (zipped(("../x.npy", npy(X))), "no folder"),
        (zipped(("a\\x.npy", npy(X))), "no folder"),
        (zipped(("x.txt", npy(X))), "must end in .npy"),
        (
            zipped(("x\x1b.npy", npy(X))),
            "the name of column 1, 'x\\x1b_1', has the control character '\\x1b'",
        ),
        (zipped(("x.npy", npy(X)[:-8])), "claims 960 bytes"),
        (zipped(("x.npy", b"")), "no sound npy header"),
        (zipped(), "empty zip"),
        (npz(a=X)[:-30], "not a sound npz"),
        (npz(a=X, a_1=X[:, 0]), "columns 1 and 4 have the same name"),
    ],
)
def test_an_unsound_npz_file_is_refused(data: bytes, words: str) -> None:
    assert words in refusal(data, format="npz").detail


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused() -> None:
    assert "is there twice" in refusal(zipped(("x.npy", npy(X)), ("x.npy", npy(X))), format="npz").detail


def patched(data: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """The bytes at `offset` after every occurrence of a zip record's mark replaced."""
    changed, at = bytearray(data), data.find(mark)
    while at >= 0:
        changed[at + offset : at + offset + len(value)] = value
        at = data.find(mark, at + 4)
    return bytes(changed)


def test_a_declared_size_that_is_a_lie_is_refused() -> None:
    data = zipped(("x.npy", npy(X)))
    for size in (100, 5000):
        lie = struct.pack("<I", size)
        refusal(patched(patched(data, b"PK\x01\x02", 24, lie), b"PK\x03\x04", 22, lie), format="npz")


def test_an_encrypted_member_is_refused() -> None:
    data = patched(zipped(("x.npy", npy(X))), b"PK\x01\x02", 8, b"\x01\x00")
    assert "encrypted" in refusal(data, format="npz").detail


def test_a_bomb_is_refused_unopened() -> None:
    bomb = zipped(("x.npy", npy(np.zeros((1000, 20_000)))))
    assert len(bomb) < 200_000
    refusal(bomb, LimitExceeded, format="npz", decoded_bytes=2**26)
