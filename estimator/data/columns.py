"""Which column of a table is which feature of the model, and which are probes.

1. The target and the probes are found by name; they are never inputs.
2. The features that the model names are found by name, in any order. A model that names none, or a request
   for it, takes the other columns in the file's order; the result says so.
3. Or the options say which columns go to which input tensor (`input_map.py`).
4. Every column must have its place: a missing or a surplus one is an error, never dropped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from estimator.data.input_map import mapped_columns
from estimator.data.names import find, listed, nearest, shown
from estimator.data.numbers import INEXACT, why_no_number
from estimator.data.precision import as_the_model_takes_them
from estimator.data.probe_columns import ProbeColumn, probe_column
from estimator.data.table import Column, Table, TableFormat
from estimator.errors import ColumnsMismatch, InvalidDataset, InvalidParameter, Place
from estimator.model.inputs import input_slices
from estimator.model.plan import ModelPlan
from estimator.options import ColumnsBy, Options


@dataclass(frozen=True)
class MatchedColumns:
    """inputs: (n, width) float64, as the model's features want them; features: their names.

    probes: the target first, then those of `Options.probes`. columns_by: how the columns were matched.
    warnings: sentences that belong into the result.
    """

    inputs: NDArray[np.float64]
    features: tuple[str, ...]
    probes: tuple[ProbeColumn, ...]
    columns_by: Literal["name", "position"]
    warnings: tuple[str, ...]


def match_columns(table: Table, plan: ModelPlan, options: Options) -> MatchedColumns:
    """The model's inputs and the probes, taken from the table.

    Raises ColumnsMismatch (listing missing and surplus columns), InvalidParameter for a target or probe
    that cannot be one, InvalidDataset for a cell that is no number.
    """
    asked = _asked_probes(table, plan, options)
    rest = [column for column in table.columns if column.name not in asked.values()]
    slices = input_slices(plan)
    width = slices[-1].stop
    warnings: list[str] = []
    columns_by: ColumnsBy = options.columns_by
    if options.inputs:
        columns = mapped_columns(table, slices, options.inputs, asked)
    elif plan.features is not None and columns_by == "name":
        columns = _by_name(plan.features, rest, width)
    else:
        columns = _by_position(width, rest)
        warnings.append(_said_of_position(plan, rest))
        columns_by = "position"
    inputs = np.column_stack([_numbers(column, table.format) for column in columns])
    warnings += as_the_model_takes_them(inputs, [column.name for column in columns], slices)
    probes = [probe_column(table.column(name), field, table) for field, name in asked.items()]
    for probe in probes:
        warnings += probe.warnings
    warnings += _said_of_rows(table)
    return MatchedColumns(
        inputs=inputs,
        features=tuple(column.name for column in columns),
        probes=tuple(probes),
        columns_by=columns_by,
        warnings=tuple(warnings),
    )


def _asked_probes(table: Table, plan: ModelPlan, options: Options) -> dict[str, str]:
    """{path of the option: column}, the target first; a target that is a probe, too, counts once."""
    fields = {} if options.target is None else {"target": options.target}
    fields |= {f"probes.{i}": name for i, name in enumerate(options.probes)}
    asked: dict[str, str] = {}
    for path, name in fields.items():
        column = find(name, table.names)
        if column is None:
            detail = (
                f"{path} is {shown(name)}, and the table has no such column; {nearest(name, table.names)}"
            )
            raise InvalidParameter(detail, errors=[Place(detail, field=path, column=name)])
        by_name = plan.features is not None and options.columns_by == "name" and not options.inputs
        if by_name and find(column, plan.features or ()):
            detail = f"{path} is {shown(name)}, which is an input of the model; choose another column"
            raise InvalidParameter(detail, errors=[Place(detail, field=path, column=name)])
        if column not in asked.values():
            asked[path] = column
    return asked


def _by_name(features: tuple[str, ...], rest: list[Column], width: int) -> list[Column]:
    by_name = {column.name: column for column in rest}
    found = {feature: find(feature, list(by_name)) for feature in features}
    missing = [feature for feature, name in found.items() if name is None]
    surplus = [name for name in by_name if name not in found.values()]
    if missing or surplus:
        raise _mismatch(missing, surplus, count_fits=len(rest) == width)
    return [by_name[name] for name in found.values() if name is not None]


def _mismatch(missing: list[str], surplus: list[str], *, count_fits: bool) -> ColumnsMismatch:
    parts = []
    if missing:
        parts.append(f"the table lacks {listed(missing)}")
    if surplus:
        parts.append(f"the model has no input {listed(surplus)}: remove such a column, or name it as a probe")
    if count_fits:
        parts.append("if the columns are in the model's order, say columns_by=position")
    places = [Place(f"the model takes {shown(n)}, and the table lacks it", column=n) for n in missing]
    places += [
        Place(f"the table has {shown(n)}, and the model takes none so named", column=n) for n in surplus
    ]
    return ColumnsMismatch("; ".join(parts), errors=places[:20])


def _by_position(width: int, rest: list[Column]) -> list[Column]:
    if len(rest) != width:
        detail = (
            f"the model takes {width} columns, and the table has {len(rest)} besides target and probes: "
            f"{listed(column.name for column in rest)}"
        )
        surplus = [
            Place(f"{shown(column.name)} is beyond the model's inputs", column=column.name)
            for column in rest[width:]
        ]
        raise ColumnsMismatch(detail, errors=surplus[:20] or [Place(detail)])
    return rest


def _said_of_position(plan: ModelPlan, rest: Iterable[Column]) -> str:
    names = listed(column.name for column in rest)
    if plan.features is None:
        return f"The model does not name its inputs: the columns were taken in the file's order, {names}."
    return f"The columns were taken by position, as asked, for {listed(plan.features)}: {names}."


def _numbers(column: Column, format: TableFormat) -> NDArray[np.float64]:
    odd = column.first_text or column.first_inexact
    if column.numbers is not None and odd is None:
        return column.numbers
    where = f"column {shown(column.name)}"
    if odd is None:
        detail = f"{where} holds no numbers; a model input must"
        raise InvalidDataset(detail, errors=[Place(detail, column=column.name)])
    why = why_no_number(odd.text, format) if column.first_text else INEXACT
    cell = shown(odd.text)
    detail = f"{odd.where}, {where} is {cell}: {why}"
    place = Place(detail, row=odd.row, line=odd.line, column=column.name)
    raise InvalidDataset(detail, errors=[place], cell=cell)


def _said_of_rows(table: Table) -> list[str]:
    if table.distinct_rows > 0.9 * table.rows:
        return []
    return [
        f"{table.distinct_rows:,} distinct of {table.rows:,} rows: repeated rows are not independent "
        "observations, and p- and q-values are smaller than they should be."
    ]
