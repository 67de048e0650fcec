"""CSV in, table out: exactly what the file says, or an error that says where."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat, TableLimits
from estimator.errors import InvalidDataset, InvalidParameter, LimitExceeded, NifError, TooFewRows

ROWS = [f"{i},{i * 0.5}" for i in range(1, 41)]


def file_of(*lines: str, end: str = "\n") -> bytes:
    return (end.join(lines) + end).encode()


def with_cell(cell: str, row: int = 7) -> bytes:
    """40 rows of a, b; b of one row is `cell`, as it stands."""
    rows = list(ROWS)
    rows[row - 1] = f"{row},{cell}"
    return file_of("a,b", *rows)


def read(data: bytes, **format: object) -> Table:
    return read_table(data, TableFormat(**format))


def refusal(data: bytes, kind: type[NifError] = InvalidDataset, **format: object) -> NifError:
    with pytest.raises(kind) as caught:
        read(data, **format)
    assert len(caught.value.detail) <= 500
    return caught.value


def test_numbers_and_text_are_read_as_they_stand() -> None:
    table = read(file_of("x,kind", *(f"{i}.25,k{i % 3}" for i in range(30))))
    assert table.names == ("x", "kind")
    assert table.rows == table.distinct_rows == 30
    assert table.column("x").numbers.tolist() == [i + 0.25 for i in range(30)]
    assert table.column("kind").numbers is None
    assert table.column("kind").text.tolist() == [f"k{i % 3}" for i in range(30)]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e3, 1e3)),
        min_size=30,
        max_size=60,
    )
)
def test_every_finite_float_that_python_writes_is_read_back_to_the_bit(
    rows: list[tuple[float, float]],
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["x", "y"])
    writer.writerows(map(repr, row) for row in rows)
    table = read(stream.getvalue().encode())
    for column, expected in zip(table.columns, np.array(rows).T, strict=True):
        assert column.numbers.tobytes() == np.ascontiguousarray(expected).tobytes()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), min_size=30, max_size=40))
def test_any_text_is_read_back_verbatim(cells: list[str]) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerow(["name", "i"])
    writer.writerows([cell, str(i)] for i, cell in enumerate(cells))
    assert read(stream.getvalue().encode()).columns[0].text.tolist() == cells


@pytest.mark.parametrize(
    "name", ["none", "nan", "NA", "null", "None", "#N/A", "", " ", "007", "Male", "male "]
)
def test_what_looks_like_a_missing_value_stays_text(name: str) -> None:
    column = read(with_cell(name)).column("b")
    assert column.numbers is None
    assert column.text[6] == name
    assert (column.first_text.row, column.first_text.text) == (7, name)


OUTSIDE = [
    "1e999", "-1e999", "1e-400", "inf", "Infinity", "NaN", "1_000", "1_0.5", "٣", "５", "0x10",
    " 5", "5 ", "5.", ".5", "1d5", "TRUE", "+5", "00", "01", "1.2.3", "--1", "1e", "1e5.0", "MARCH1",
    "01/02/2026", "2026-01-02", "-", "9" * 400,
]  # fmt: skip


@pytest.mark.parametrize("cell", OUTSIDE)
def test_a_cell_outside_of_the_grammar_makes_its_column_text_and_is_remembered(cell: str) -> None:
    column = read(with_cell(cell)).column("b")
    assert column.numbers is None
    assert column.first_text.row == 7


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0", 0.0), ("-0", -0.0), ("-0.0", -0.0), ("10", 10.0), ("1e5", 1e5), ("1E+05", 1e5), ("25e-4", 0.0025),
     ("5e-324", 5e-324), ("0e-999", 0.0), ("0.0e999", 0.0),
     ("1.7976931348623157e308", 1.7976931348623157e308), ('"1.5"', 1.5)],
)  # fmt: skip
def test_a_number_of_the_grammar_has_its_exact_value(cell: str, value: float) -> None:
    numbers = read(with_cell(cell)).column("b").numbers
    assert numbers[6] == value
    assert np.signbit(numbers[6]) == np.signbit(value)


def test_a_whole_number_that_float64_cannot_hold_is_remembered() -> None:
    column = read(with_cell("9007199254740993")).column("b")
    assert (column.first_inexact.row, column.first_inexact.text) == (7, "9007199254740993")
    assert read(with_cell("9007199254740993.0")).column("b").first_inexact.line == 8
    for cell in ("9007199254740992", "9007199254740992.0", "1e+23"):
        assert read(with_cell(cell)).column("b").first_inexact is None


@pytest.mark.parametrize(
    ("lines", "row", "words"),
    [
        (["a,b", "1,2,3", *ROWS], 1, "row 1 (line 2): 3 cells, header 2"),
        (["a,b", *(row + "," for row in ROWS)], 1, "3 cells, header 2"),
        (["a,b", *ROWS[:20], "1", *ROWS[20:]], 21, "row 21 (line 22): 1 cells, header 2"),
    ],
)
def test_a_row_of_another_length_is_refused_by_its_number(lines: list[str], row: int, words: str) -> None:
    error = refusal(file_of(*lines))
    assert words in error.detail
    assert error.errors[0].row == row


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("a,a", "columns 1 and 2"),
        ("a,", "column 2 of 2 has no name"),
        ("a, ", "column 2 of 2 has no name"),
        ("\u00e9,e\u0301", "columns 1 and 2"),
        ("5.1,label", "header has the number '5.1'"),
        ("a,7", "as the name of column 2"),
    ],
)
def test_a_bad_header_is_refused(header: str, words: str) -> None:
    assert words in refusal(file_of(header, *ROWS)).detail


def test_names_that_only_look_alike_are_distinct() -> None:
    names = ("age", "age ", "age\u200b", "\u0430ge", "\u200fage")
    table = read(file_of(",".join(names), *(",".join("12345") for _ in range(30))))
    assert table.names == names


def test_without_a_header_the_columns_are_numbered() -> None:
    table = read(file_of(*ROWS), header=False)
    assert table.names == ("column_1", "column_2")
    assert table.rows == 40


def test_another_delimiter_is_recognised_and_named() -> None:
    error = refusal(file_of("a;b;c", *(f"{i};2;3" for i in range(30))))
    assert "1 column found, ';' seen 2 times in every row" in error.detail
    assert "'\\t' seen 1 time" in refusal(file_of("a\tb", *(f"{i}\t2" for i in range(30)))).detail
    error = refusal(file_of("a;b", *("1,5;2,5" for _ in range(30))))
    assert "row 1" in error.detail and "';'" in error.detail and "decimal as ','" in error.detail


def test_delimiter_and_decimal_mark_are_taken_as_given() -> None:
    table = read(file_of("a;b", *(f"{i},5;1.234" for i in range(30))), delimiter=";", decimal=",")
    assert table.column("a").numbers[3] == 3.5
    assert table.column("b").first_text.text == "1.234"


def test_one_column_alone_is_a_table() -> None:
    assert read(file_of("a", *map(str, range(30)))).rows == 30


def test_a_byte_order_mark_is_not_part_of_the_name() -> None:
    assert read(b"\xef\xbb\xbf" + file_of("a,b", *ROWS)).names == ("a", "b")
    assert read(b"\xef\xbb\xbf" + file_of('"a",b', *ROWS)).names == ("a", "b")


@pytest.mark.parametrize(
    ("data", "byte", "words"),
    [
        (file_of("a,b", *ROWS).replace(b"7,3.5", b"7,\xe9.5"), None, "(0xe9) is not UTF-8"),
        (file_of("a,b", *ROWS) + b"\xe2\x82", None, "(0xe2) is not UTF-8"),
        (b"a,b\n1\x00,2\n", 5, "control character 0x00"),
        (b"a\x1b,b\n1,2\n", 1, "control character 0x1b"),
        (file_of("a,b", *ROWS) + b"\x1a", None, "control character 0x1a"),
        ("a,b\n1,2\n".encode("utf-16"), 0, "UTF-16"),
        (b"PAR1abcd", 0, "kind=parquet"),
        (b"\x93NUMPY\x01\x00", 0, "kind=npy"),
        (b"PK\x03\x04abcd", 0, "kind=npz"),
        (b"\x1f\x8b\x08abcd", 0, "gzip"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_the_offset(
    data: bytes, byte: int | None, words: str
) -> None:
    error = refusal(data)
    assert words in error.detail
    if byte is not None:
        assert error.errors[0].byte == byte
    elif "UTF-8" in words or "control" in words:
        assert data[error.errors[0].byte] in (0xE9, 0xE2, 0x1A)


def test_a_bad_byte_is_found_beyond_the_first_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estimator.data.screen.CHUNK", 64)
    data = file_of("a,b", *(f"\u20ac{i},1" for i in range(100)))
    assert read(data).rows == 100
    place = len(data) // 2
    broken = data[:place] + b"\xff" + data[place:]
    assert refusal(broken).errors[0].byte == broken.index(b"\xff")


def test_a_quote_that_is_never_closed_names_the_line_where_it_opened() -> None:
    rows = [*ROWS[:9], '10,"5', *ROWS[10:]]
    error = refusal(file_of("a,b", *rows))
    assert error.errors[0].line == 11
    assert "quote opened in line 11" in error.detail
    long = [*ROWS[:9], '"two\nlines",5', '10,"5', *("1,2" for _ in range(50_000))]
    assert refusal(file_of("a,b", *long)).errors[0].line == 13
    closed = [*ROWS[:9], '10,"' + "x\n" * 100_000 + '"', *ROWS[10:]]
    assert "line 11 is not closed within 131072 characters" in refusal(file_of("a,b", *closed)).detail


@pytest.mark.parametrize("cell", ["x" * 20_000, "x" * 200_000])
def test_a_huge_cell_is_refused_by_its_line(cell: str) -> None:
    assert refusal(with_cell(cell), LimitExceeded).errors[0].line == 8


def test_a_huge_line_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estimator.data.csv_records.LINE_CHARACTERS", 1000)
    error = refusal(file_of("a,b", *ROWS, "1," + "0" * 2000), LimitExceeded)
    assert error.errors[0].line == 42


def test_a_line_break_within_quotes_is_part_of_the_cell() -> None:
    table = read(file_of("a,b", *ROWS[:30], '"x\ny",1', *ROWS[30:]))
    assert table.rows == 41
    assert table.column("a").text[30] == "x\ny"
    assert (table.column("a").first_text.row, table.column("a").first_text.line) == (31, 32)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_gives_the_same_rows(end: str) -> None:
    data = file_of("a,b", *ROWS, end=end)
    assert read(data).column("b").numbers.tolist() == [i * 0.5 for i in range(1, 41)]
    assert read(data.rstrip()).rows == 40


def test_a_blank_line_is_refused_by_its_number() -> None:
    assert refusal(file_of("a,b", *ROWS[:5], "", *ROWS[5:])).errors[0].line == 7


def test_text_after_a_closing_quote_is_refused() -> None:
    assert refusal(with_cell('"5"x')).errors[0].line == 8


@pytest.mark.parametrize("rows", [0, 29])
def test_too_few_rows_says_how_many_are_needed(rows: int) -> None:
    for data in (file_of("a,b", *ROWS[:rows]), b"")[: 2 - bool(rows)]:
        error = refusal(data, TooFewRows)
        assert f"{rows} data rows; at least 30" in error.detail


def test_thirty_rows_are_enough() -> None:
    assert read(file_of("a,b", *ROWS[:30])).rows == 30


@pytest.mark.parametrize(
    "limits",
    [TableLimits(file_bytes=100), TableLimits(rows=39), TableLimits(columns=1), TableLimits(cells=79)],
)
def test_what_is_beyond_a_limit_is_refused(limits: TableLimits) -> None:
    with pytest.raises(LimitExceeded):
        read_table(file_of("a,b", *ROWS), TableFormat(), limits)


def test_repeated_rows_are_counted() -> None:
    table = read(file_of("a,b", *ROWS, *ROWS))
    assert (table.rows, table.distinct_rows) == (80, 40)


def test_spellings_of_many_different_cells_are_not_kept() -> None:
    table = read(file_of("a,b", *(f"{i},{i % 7}" for i in range(2000))))
    assert table.column("a").text is None
    assert table.column("b").spellings.levels == tuple("0123456")


def test_a_column_may_turn_to_text_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estimator.data.csv_table.BLOCK_CELLS", 16)
    column = read(with_cell("x", row=33)).column("b")
    assert column.numbers is None
    assert (column.first_text.row, len(column.text)) == (33, 40)


@pytest.mark.parametrize(
    "format",
    [{"delimiter": ""}, {"delimiter": ",,"}, {"delimiter": '"'}, {"delimiter": "a"}, {"delimiter": "\n"},
     {"decimal": ";"}, {"delimiter": ",", "decimal": ","}, {"kind": "xls"}],
)  # fmt: skip
def test_a_format_that_cannot_be_is_refused(format: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter):
        TableFormat(**format)
