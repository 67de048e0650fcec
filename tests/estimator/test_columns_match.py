"""Which column becomes which input, and what may be a probe."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from estimator.data.columns import MatchedColumns, match_columns
from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat
from estimator.errors import ColumnsMismatch, InvalidDataset, InvalidParameter, NifError
from estimator.model.plan import ModelInput, ModelPlan
from estimator.options import Options
from tests.estimator.hand_made_models import perceptron

NAMES = ("a", "b", "c", "d")
N = 40


def plan(features: tuple[str, ...] | None = NAMES, dtype: str = "float32") -> ModelPlan:
    made = perceptron(features=features)[1]
    return replace(made, inputs=(ModelInput("x", dtype, (None, 4)),))


def table(**columns: Any) -> Table:
    """Columns a, b, c, d of random numbers, changed or added to by `columns`; None takes one away."""
    rng = np.random.default_rng(0)
    cells = {name: [repr(v) for v in rng.normal(size=N).tolist()] for name in NAMES}
    for name, values in columns.items():
        cells.pop(name, None)
        if values is not None:
            cells[name] = [str(value) for value in values]
    rows = zip(*cells.values(), strict=True)
    text = "\n".join([",".join(cells), *(",".join(row) for row in rows)])
    return read_table(text.encode(), TableFormat())


def match(table: Table, model: ModelPlan | None = None, **options: Any) -> MatchedColumns:
    return match_columns(table, model or plan(), Options(**options))


def refusal(kind: type[NifError], *args: Any, **options: Any) -> NifError:
    with pytest.raises(kind) as caught:
        match(*args, **options)
    assert len(caught.value.detail) <= 500
    return caught.value


def in_order(order: str, given: Table) -> Table:
    return replace(given, columns=tuple(given.column(name) for name in order))


def test_columns_are_matched_by_name_in_any_order() -> None:
    given = table()
    straight, shuffled = match(given), match(in_order("dbac", given))
    assert straight.features == shuffled.features == NAMES
    assert straight.columns_by == "name"
    assert straight.warnings == ()
    np.testing.assert_array_equal(straight.inputs, shuffled.inputs)
    np.testing.assert_array_equal(straight.inputs[:, 2], given.column("c").numbers)


def test_position_is_used_only_when_asked_and_said() -> None:
    given = in_order("dbac", table())
    matched = match(given, columns_by="position")
    assert matched.columns_by == "position"
    assert matched.features == ("d", "b", "a", "c")
    assert "by position, as asked, for 'a', 'b', 'c', 'd': 'd', 'b', 'a', 'c'" in matched.warnings[0]


def test_a_model_without_names_takes_the_other_columns_in_order_and_says_so() -> None:
    given = table(label=["x", "y"] * 20)
    matched = match(given, plan(features=None), target="label")
    assert matched.columns_by == "position"
    assert matched.features == NAMES
    assert "The model does not name its inputs" in matched.warnings[0]


def test_missing_and_surplus_columns_are_listed() -> None:
    error = refusal(ColumnsMismatch, table(d=None))
    assert "lacks 'd'" in error.detail
    error = refusal(ColumnsMismatch, table(e=range(N), f=range(N)))
    assert "'e', 'f'" in error.detail
    assert [place.column for place in error.errors] == ["e", "f"]
    assert "columns_by=position" not in error.detail
    assert [place.detail for place in error.errors] == [
        f"the table has '{name}', and the model takes none so named" for name in "ef"
    ]
    error = refusal(ColumnsMismatch, table(d=None, D=range(N)))
    assert "columns_by=position" in error.detail
    assert "lacks 'd'" in error.detail and "'D'" in error.detail


def test_a_wrong_count_of_columns_by_position_is_refused() -> None:
    assert (
        "takes 4 columns, and the table has 3" in refusal(ColumnsMismatch, table(d=None), plan(None)).detail
    )
    assert "has 5" in refusal(ColumnsMismatch, table(e=range(N)), columns_by="position").detail


def test_look_alikes_are_told_apart_in_errors() -> None:
    error = refusal(ColumnsMismatch, table(a=None, **{"\u0430": range(N)}))  # noqa: PIE804
    assert "lacks 'a'" in error.detail and r"'\u0430'" in error.detail


def test_names_equal_after_nfc_are_found() -> None:
    given = table(d=None, **{"e\u0301": range(N)})  # noqa: PIE804
    assert match(given, plan(("a", "b", "c", "\u00e9"))).features[3] == "e\u0301"
    matched = match(table(**{"e\u0301": ["x", "y"] * 20}), target="\u00e9")  # noqa: PIE804
    assert matched.probes[0].name == "e\u0301"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("", "blank"), ("NaN", "not a finite number"), ("inf", "not a finite number"),
        ("1e999", "range of float64"), ('"1,5"', "delimiter as ';' and decimal as ','"),
        ("2026-01-02", "looks like a date"), ("1_000", "digits 0 to 9"), ("٣", "digits 0 to 9"),
        (" ", "blank"),
        ("setosa", "must be a number"),
        (" 5", "space beside"), ("9007199254740993", "cannot hold this whole number exactly"),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_number_is_refused_where_an_input_is_due(cell: str, words: str) -> None:
    values = ["1.5"] * N
    values[11] = cell
    error = refusal(InvalidDataset, table(c=values))
    assert words in error.detail
    place = error.errors[0]
    assert (place.row, place.line, place.column) == (12, 13, "c")


def test_row_and_line_of_a_cell_drift_apart_where_cells_hold_line_breaks() -> None:
    values = ["1.5"] * N
    values[11] = "x"
    place = refusal(InvalidDataset, table(e=['"p\nq"'] * N, c=values), probes=("e",)).errors[0]
    assert (place.row, place.line) == (12, 24)


@pytest.mark.parametrize(
    ("format", "words"),
    [
        ({"delimiter": ";"}, "row 8 (line 9), column 'c' is '1,5': it has ',' where the decimal mark of this"
         " file is '.'; write it with '.', or give decimal as ','"),
        ({"delimiter": ";", "decimal": ","}, "row 3 (line 4), column 'b' is '1.234': it has '.' where the"
         " decimal mark of this file is ','; write it with ',', or give decimal as '.'"),
    ],
)  # fmt: skip
def test_a_cell_with_the_other_decimal_mark_names_the_mark_of_the_file(format: Any, words: str) -> None:
    lines = [["2", "2", "2", "2"] for _ in range(N)]
    lines[2][1], lines[7][2] = ("1.234", "1,5") if format.get("decimal") else ("2", "1,5")
    text = "\n".join(["a;b;c;d", *(";".join(line) for line in lines)])
    given = read_table(text.encode(), TableFormat(**format))
    assert words in refusal(InvalidDataset, given).detail


def test_a_text_column_in_the_place_of_an_input_is_refused() -> None:
    assert refusal(InvalidDataset, table(b=["x", "y"] * 20)).errors[0].row == 1


@pytest.mark.parametrize(
    ("probe", "values", "words"),
    [
        ("one", ["k"] * N, "has one value only, 'k'"),
        ("one", [3] * N, "has one value only, 3.0"),
        ("row", range(N), "is the row number"),
        ("row", range(N, 0, -1), "is the row number"),
    ],
)
def test_what_cannot_be_a_probe_is_refused(probe: str, values: Any, words: str) -> None:
    for options, field in (({"probes": (probe,)}, "probes.0"), ({"target": probe}, "target")):
        error = refusal(InvalidParameter, table(**{probe: values}), **options)
        assert words in error.detail
        assert error.errors[0].field == field


def test_a_target_that_is_not_there_is_named_with_its_nearest() -> None:
    error = refusal(InvalidParameter, table(Species=["x", "y"] * 20), target="species")
    assert error.errors[0].field == "target"
    assert "did you mean 'Species'?" in error.detail


def test_a_probe_that_is_an_input_is_refused() -> None:
    assert "is an input of the model" in refusal(InvalidParameter, table(), target="a").detail


def test_too_many_categories_are_refused() -> None:
    for count in (101, 5000):
        rows = 2 * count
        text = "\n".join(["a,b,c,d,id", *(f"{i},{i % 7},{i % 5},{i * 0.5},k{i // 2}" for i in range(rows))])
        given = read_table(text.encode(), TableFormat())
        assert "the limit is 100" in refusal(InvalidParameter, given, probes=("id",)).detail


def test_categories_are_kept_verbatim_in_sorted_order() -> None:
    given = table(sex=["male ", "Male", "NA", "007", "7"] * 8)
    probe = match(given, target="sex").probes[0]
    assert probe.kind == "categorical"
    assert probe.levels == (("007", 8), ("7", 8), ("Male", 8), ("NA", 8), ("male ", 8))
    assert probe.values[:5].tolist() == [4, 2, 3, 0, 1]


def test_few_whole_numbers_are_categories_in_the_order_of_numbers() -> None:
    probe = match(table(k=[10, 9, -1, 2] * 10), target="k").probes[0]
    assert probe.kind == "categorical"
    assert probe.levels == (("-1", 10), ("2", 10), ("9", 10), ("10", 10))
    assert probe.values[:4].tolist() == [3, 2, 0, 1]


@pytest.mark.parametrize("cell", ["", " ", "NA", "NaN", "inf", "1e999", "1_000", "5.", "+5", '"1,5"', "٣"])
@pytest.mark.parametrize("many", [True, False], ids=["many numbers", "few, with fractions"])
def test_a_cell_that_is_no_number_does_not_make_categories_of_numbers(cell: str, many: bool) -> None:
    values: list[Any] = [i * i if many else 0.5 + i % 3 for i in range(N)]
    values[11] = cell
    error = refusal(InvalidDataset, table(p=values), target="p")
    place = error.errors[0]
    assert (place.field, place.row, place.line, place.column) == ("target", 12, 13, "p")


def test_decimal_commas_do_not_make_categories_of_numbers() -> None:
    values = [f'"{i % 5},5"' for i in range(N)]
    assert "decimal as ','" in refusal(InvalidDataset, table(p=values), probes=("p",)).detail


@pytest.mark.parametrize(
    "values",
    [["1", "2", "NA", ""] * 10, ["007", "7", "08"] * 13 + ["7"], ["0.5", "1.5", "low"] * 13 + ["low"],
     ["DE", "NA", "", "nan"] * 10, ["2026-01-02", "2026-01-03"] * 20],
)  # fmt: skip
def test_codes_and_text_stay_categories_beside_what_looks_missing(values: list[str]) -> None:
    probe = match(table(p=values), target="p").probes[0]
    assert dict(probe.levels) == {value: values.count(value) for value in values}


def test_one_blank_among_very_many_numbers_is_named() -> None:
    rows = [f"{i},{i % 7},{i % 5},{i * 0.5},{i * i if i != 700 else ''}" for i in range(2000)]
    given = read_table("\n".join(["a,b,c,d,p", *rows]).encode(), TableFormat())
    error = refusal(InvalidParameter, given, probes=("p",))
    assert "row 701 (line 702) is '', which is no number" in error.detail
    assert error.errors[0].row == 701


@pytest.mark.parametrize("levels", [2, 3])
def test_whole_numbers_that_float64_cannot_hold_are_not_taken_for_each_other(levels: int) -> None:
    values = [2**53 + i % levels for i in range(N)]
    probe = match(table(p=values), target="p").probes[0]  # cells are told apart as they are spelled
    assert [level for level, _ in probe.levels] == [str(2**53 + i) for i in range(levels)]
    rng, file = np.random.default_rng(0), io.BytesIO()
    np.savez(file, p=np.array(values), **{name: rng.normal(size=N) for name in NAMES})
    given = read_table(file.getvalue(), TableFormat(kind="npz"))
    error = refusal(InvalidDataset, given, target="p")
    assert "row 2, column 'p' is '9007199254740993'" in error.detail


def test_numbers_with_fractions_or_many_values_are_numeric() -> None:
    matched = match(table(half=[0.5, 1.5] * 20, many=[i * i for i in range(N)]), probes=("half", "many"))
    assert [probe.kind for probe in matched.probes] == ["numeric", "numeric"]
    assert matched.probes[1].values[5] == 25


def test_the_target_comes_first_and_counts_once() -> None:
    given = table(y=["x", "y"] * 20, sex=["f", "m"] * 20)
    assert [probe.name for probe in match(given, target="y", probes=("sex", "y")).probes] == ["y", "sex"]


def test_values_that_collapse_in_float32_are_reported_with_both_counts() -> None:
    matched = match(table(d=[16777216 + i for i in range(N)]))
    assert "'d' has 40 distinct values and 21 as float32" in matched.warnings[0]
    assert match(table(d=[16777216 + i for i in range(N)]), plan(dtype="float64")).warnings == ()


@pytest.mark.parametrize(
    ("dtype", "value"), [("float32", "1e300"), ("int64", "1.5"), ("uint8", "256"), ("float16", "70000")]
)
def test_a_value_that_the_input_cannot_hold_is_refused(dtype: str, value: str) -> None:
    columns: dict[str, Any] = {name: [1, 2] * 20 for name in NAMES}
    columns["c"] = [*([1] * 4), value, *([1] * 35)]
    error = refusal(InvalidDataset, table(**columns), plan(dtype=dtype))
    assert (error.errors[0].row, error.errors[0].column) == (5, "c")


def test_repeated_rows_are_said() -> None:
    matched = match(table(**{name: [1, 2, 3, 4] * 10 for name in NAMES}))
    assert "4 distinct of 40 rows" in matched.warnings[-1]


def test_several_inputs_take_their_columns_side_by_side() -> None:
    two = replace(
        plan(), inputs=(ModelInput("p", "float32", (None, 1)), ModelInput("q", "float64", (None, 3)))
    )
    assert match(table(), two).inputs.shape == (N, 4)


# -- columns given to several inputs -------------------------------------------------------------------------


def two_inputs() -> ModelPlan:
    """x of three columns in a 3x1 row, age of one."""
    given = (ModelInput("x", "float32", (None, 3, 1)), ModelInput("age", "float32", (None,)))
    return replace(plan(None), inputs=given)


def test_columns_are_given_to_several_inputs_by_name() -> None:
    given = table(age=range(N), label=["u", "v"] * (N // 2), d=None)
    asked = {"age": ("age",), "x": ("c", "a", "b")}
    matched = match(given, two_inputs(), inputs=asked, target="label")
    assert matched.features == ("c", "a", "b", "age")  # side by side in the model's order
    assert (matched.columns_by, matched.warnings) == ("name", ())
    np.testing.assert_array_equal(matched.inputs[:, 3], np.arange(N))
    np.testing.assert_array_equal(matched.inputs[:, 0], given.column("c").numbers)


def test_the_name_of_an_array_stands_for_its_columns() -> None:
    rng, file = np.random.default_rng(0), io.BytesIO()
    image, age = rng.normal(size=(N, 3, 1)), rng.normal(size=N)
    np.savez(file, age=age, image=image)
    given = read_table(file.getvalue(), TableFormat(kind="npz"))
    matched = match(given, two_inputs(), inputs={"x": ("image",), "age": ("age",)})
    np.testing.assert_array_equal(matched.inputs, np.column_stack([image.reshape(N, 3), age]))
    assert matched.features == ("image_1", "image_2", "image_3", "age")


@pytest.mark.parametrize(
    ("kind", "inputs", "mentions"),
    [
        (InvalidParameter, {"x": ("a", "b", "c")}, "inputs.age: the model's input 'age' is given no columns"),
        (InvalidParameter, {"x": ("a", "b", "c"), "age": ("age",), "y": ("d",)}, "its inputs are 'x', 'age'"),
        (InvalidParameter, {"x": ("a", "b", "cc"), "age": ("age",)}, "no column or array 'cc'; did you mean"),
        (InvalidParameter, {"x": ("a", "b", "age"), "age": ("age",)}, "'age' is given to inputs.x already"),
        (InvalidParameter, {"x": ("a", "b", "label"), "age": ("age",)}, "'label' is no input: target"),
        (ColumnsMismatch, {"x": ("a", "b"), "age": ("age",)}, "'x' takes 3 columns (3x1 a row), 2 are given"),
        (ColumnsMismatch, {"x": ("a", "b", "c"), "age": ("d",)}, "gives 'age' to no input"),
    ],
)
def test_a_map_that_does_not_fit_is_refused_with_the_column(
    kind: type[NifError], inputs: dict[str, tuple[str, ...]], mentions: str
) -> None:
    given = table(age=range(N), label=["u", "v"] * (N // 2))
    given = given if "d" in str(inputs) else replace(given, columns=given.columns[:3] + given.columns[4:])
    assert mentions in refusal(kind, given, two_inputs(), inputs=inputs, target="label").detail


def test_a_map_renames_the_columns_that_a_model_names() -> None:
    given = in_order("dcba", table())
    matched = match(given, inputs={"x": ("d", "c", "b", "a")})
    assert matched.features == ("d", "c", "b", "a")
    with pytest.raises(InvalidParameter, match="choose one of the two"):
        Options(inputs={"x": ("a",)}, columns_by="position")
    with pytest.raises(InvalidParameter, match="without repetitions"):
        Options(inputs={"x": ("a", "a")})
    options = Options(inputs={"x": ("a", "b")})
    assert Options.from_dict(options.as_dict()) == options
