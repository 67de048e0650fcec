"""Parquet files are read in a child; every column is kept exactly or refused by its name."""

import datetime
import decimal
import io
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, NifError, TooFewRows

N = 40
NUMBERS = np.random.default_rng(0).normal(size=N)


def parquet(**columns: Any) -> bytes:
    return written(pa.table(columns))


def written(table: pa.Table, **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def read(source: bytes | Path, **limits: int) -> Table:
    return read_table(source, TableFormat(kind="parquet"), TableLimits(**limits))


def refusal(data: bytes, kind: type[NifError] = InvalidDataset, **limits: int) -> NifError:
    before = len(psutil.Process().children(recursive=True))
    with pytest.raises(kind) as caught:
        read(data, **limits)
    assert len(psutil.Process().children(recursive=True)) == before
    assert len(caught.value.detail) <= 500
    return caught.value


def test_numbers_and_text_are_read_exactly(tmp_path: Path) -> None:
    kinds = ["a", "NA", "007", ""] * 10
    data = parquet(
        x=NUMBERS, half=NUMBERS.astype(np.float32), k=pa.array(range(N), pa.int64()),
        yes=pa.array([True, False] * 20), kind=kinds, code=pa.array(kinds).dictionary_encode(),
    )  # fmt: skip
    (tmp_path / "t.parquet").write_bytes(data)
    for table in (read(data), read(tmp_path / "t.parquet")):
        assert table.names == ("x", "half", "k", "yes", "kind", "code")
        assert (table.rows, table.distinct_rows) == (N, N)
        np.testing.assert_array_equal(table.column("x").numbers, NUMBERS)
        np.testing.assert_array_equal(table.column("half").numbers, NUMBERS.astype(np.float32))
        assert table.column("yes").numbers[:2].tolist() == [1.0, 0.0]
        for name in ("kind", "code"):
            column = table.column(name)
            assert column.numbers is None and column.text.tolist() == kinds
            assert (column.first_text.row, column.first_text.text) == (1, "a")


def test_whole_numbers_beyond_float64_are_remembered_and_many_spellings_are_not() -> None:
    table = read(parquet(k=[2**53 + 1, *range(1999)], name=[f"n{i}" for i in range(2000)]))
    assert table.column("k").first_inexact.text == str(2**53 + 1)
    assert table.column("name").text is None and table.column("name").first_text.text == "n0"


@pytest.mark.parametrize(
    "values",
    [
        pa.array([decimal.Decimal("1.5")] * N),
        pa.array([["a", "b"]] * N),
        pa.array([[1.0, 2.0]] * 6 + [[1.0]] + [[1.0, 2.0]] * 33),
        pa.array([[1.0, 2.0]] * 6 + [None] + [[1.0, 2.0]] * 33),
        pa.array([[1.0, 2.0]] * 6 + [[1.0, None]] + [[1.0, 2.0]] * 33),
        pa.array([[[1, 2], [3, 4]]] * 6 + [[[1, 2], [3]]] + [[[1, 2], [3, 4]]] * 33),
        pa.array([[1, 2]] * 6 + [None] + [[1, 2]] * 33, pa.list_(pa.int8(), 2)),
        pa.array([[]] * N, pa.list_(pa.float64())),
        pa.array([datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)] * N),
        pa.array([datetime.date(2026, 1, 1)] * N),
        pa.array([{"a": 1}] * N),
        pa.array([b"x"] * N),
        pa.array([None] * N),
        pa.array([*([1.0] * 6), None, *([1.0] * 33)]),
        pa.array([*(["k"] * 6), None, *(["k"] * 33)]),
        pa.array([*([1.0] * 6), float("nan"), *([1.0] * 33)]),
        pa.array([*([1.0] * 6), float("inf"), *([1.0] * 33)]),
        pa.array([*(["k"] * 6), "a\0b", *(["k"] * 33)]),
    ],
    ids=lambda values: str(values.type),
)
def test_a_column_of_no_numbers_and_no_text_is_refused_by_name(values: pa.Array) -> None:
    error = refusal(parquet(fine=NUMBERS, odd=values))
    assert error.errors[0].column == "odd"
    assert error.errors[0].row in (None, 7) or "empty list" in error.detail


@pytest.mark.parametrize("odd", ["\0", "\x1b"])
def test_a_control_character_in_a_name_is_refused(odd: str) -> None:
    error = refusal(parquet(fine=NUMBERS, **{f"p{odd}q": NUMBERS}))
    assert f"the name of column 2, 'p{ascii(odd)[1:-1]}q', has the control character" in error.detail


def test_lists_are_columns_side_by_side() -> None:
    X = np.random.default_rng(1).normal(size=(N, 2, 3)).astype(np.float32)
    tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(X)
    pairs = pa.array(X[:, 0, :2].tolist(), pa.list_(pa.float32(), 2))
    table = read(
        parquet(image=X.tolist(), age=np.arange(N), pair=pairs, tensor=tensors, yes=[[True]] * N, k=["a"] * N)
    )
    flat = X.reshape(N, 6)
    for name, width in (("image", 6), ("pair", 2), ("tensor", 6)):
        for i in range(width):
            np.testing.assert_array_equal(table.column(f"{name}_{i + 1}").numbers, flat[:, i])
    assert len(table.columns) == 6 + 1 + 2 + 6 + 1 + 1
    assert table.column("yes").numbers.tolist() == [1.0] * N and table.column("k").text[0] == "a"


def test_a_column_that_a_list_would_be_named_as_is_refused() -> None:
    assert "same name" in refusal(parquet(a=[[1, 2]] * N, a_2=NUMBERS)).detail


def test_a_tensor_stored_in_another_order_is_refused() -> None:
    kind = pa.fixed_shape_tensor(pa.float64(), [2, 3], permutation=[1, 0])
    values = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(6 * N)), 6)
    assert refusal(parquet(t=pa.ExtensionArray.from_storage(kind, values))).errors[0].column == "t"


def test_an_extension_type_is_refused_or_read_as_what_it_stores() -> None:
    values = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)] * N, pa.binary(16)))
    assert refusal(parquet(odd=values)).errors[0].column == "odd"


def test_columns_of_one_name_are_refused() -> None:
    table = pa.Table.from_arrays([pa.array(NUMBERS), pa.array(NUMBERS)], names=["a", "a"])
    assert "columns 1 and 2 have the same name" in refusal(written(table)).detail


def test_sizes_beyond_the_limits_are_refused() -> None:
    data = parquet(a=NUMBERS, b=NUMBERS)
    refusal(data, LimitExceeded, rows=39)
    refusal(data, LimitExceeded, columns=1)
    refusal(parquet(a=[[1.0, 2.0, 3.0]] * N), LimitExceeded, columns=2)
    refusal(parquet(a=[[1.0, 2.0, 3.0]] * N), LimitExceeded, cells=100)
    refusal(parquet(a=NUMBERS[:29]), TooFewRows)


def test_a_file_that_unfolds_a_thousandfold_is_refused() -> None:
    zeros = written(pa.table({"z": np.zeros(4_000_000)}), compression="zstd")
    assert len(zeros) < 100_000
    refusal(zeros, LimitExceeded, decoded_bytes=2**24)
    same = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000, np.int32)), pa.array(["x" * 1_000_000]))
    text = written(pa.table({"t": same}), compression="zstd", store_schema=False)
    assert len(text) < 100_000
    refusal(text, LimitExceeded, decoded_bytes=2**28)


@pytest.mark.parametrize("change", ["cut", "footer", "length", "middle", "magic only"])
def test_a_damaged_file_is_a_typed_error(change: str) -> None:
    data = bytearray(parquet(a=NUMBERS, b=["k"] * N))
    if change == "cut":
        data = data[:-20]
    elif change == "footer":
        data[-60:-20] = bytes(40)
    elif change == "length":
        data[-8:-4] = b"\xff\xff\xff\x7f"
    elif change == "middle":
        data[4:40] = b"\xff" * 36
    else:
        data = bytearray(b"PAR1PAR1")
    refusal(bytes(data))


def test_a_file_that_is_no_parquet_is_refused_by_its_bytes() -> None:
    with pytest.raises(InvalidDataset):
        read(b"a,b\n1,2\n")
