"""Columns given to the model's input tensors by name, as asked: {"image": ["p0", "p1"], "age": ["age"]}.

An array of an npz file is a run of columns, `name_1`, `name_2` and
so on. Its own name, where no column is called so, stands for all of them, in order.
"""

import re
from collections.abc import Mapping, Sequence

from estimator.data.names import find, listed, nearest, shown
from estimator.data.table import Column, Table
from estimator.errors import ColumnsMismatch, InvalidParameter, Place
from estimator.model.inputs import InputSlice

Names = Mapping[str, Sequence[str]]


def mapped_columns(
    table: Table, slices: Sequence[InputSlice], inputs: Names, probes: Mapping[str, str]
) -> list[Column]:
    """The columns of all inputs, side by side in the model's order.

    probes: columns that are none, by the option that asked for them. Raises InvalidParameter naming the
    option and the column (an input that the model has not, one that is left out, a column that is not
    there, is given twice or is a probe); ColumnsMismatch for a wrong number of columns, and for columns that
    nothing takes.
    """
    _check_inputs([part.name for part in slices], inputs)
    taken: dict[str, str] = {}  # column -> the option that gave it
    columns: list[Column] = []
    for part in slices:
        path = f"inputs.{part.name}"
        names = [name for asked in inputs[part.name] for name in _found(table, path, asked)]
        for name in names:
            if name in taken:
                raise _refused(path, f"column {shown(name)} is given to {taken[name]} already", name)
            if name in probes.values():
                option = next(option for option, column in probes.items() if column == name)
                raise _refused(path, f"column {shown(name)} is no input: {option} is the same column", name)
            taken[name] = path
        width = part.stop - part.start
        if len(names) != width:
            detail = (
                f"{path}: the model's input {shown(part.name)} takes {width} columns "
                f"({'x'.join(map(str, part.row_shape)) or 'one number'} a row), {len(names)} are given: "
                f"{listed(names)}"
            )
            raise ColumnsMismatch(detail, errors=[Place(detail, field=path)])
        columns += [table.column(name) for name in names]
    surplus = [name for name in table.names if name not in taken and name not in probes.values()]
    if surplus:
        detail = f"inputs gives {listed(surplus)} to no input of the model: give them, or take them away"
        raise ColumnsMismatch(
            detail,
            errors=[Place(f"{shown(name)} is given to no input", column=name) for name in surplus[:20]],
        )
    return columns


def mapped_names(table: Table, inputs: Names) -> set[str]:
    """The names of all columns that are given to inputs. Raises InvalidParameter for one that is absent."""
    return {
        name
        for given, columns in inputs.items()
        for asked in columns
        for name in _found(table, f"inputs.{given}", asked)
    }


def _check_inputs(known: list[str], inputs: Names) -> None:
    for name in inputs:
        if name not in known:
            raise _refused(
                f"inputs.{name}", f"the model has no input {shown(name)}; its inputs are {listed(known)}"
            )
    for name in known:
        if name not in inputs:
            raise _refused(f"inputs.{name}", f"the model's input {shown(name)} is given no columns")


def _found(table: Table, path: str, asked: str) -> list[str]:
    """The column of this name, or those of the array of this name."""
    name = find(asked, table.names)
    if name is not None:
        return [name]
    one = re.compile(re.escape(asked) + r"_([1-9][0-9]{0,8})")
    numbers = {int(match[1]): match[0] for match in map(one.fullmatch, table.names) if match}
    if numbers and sorted(numbers) == list(range(1, len(numbers) + 1)):
        return [numbers[number] for number in sorted(numbers)]
    raise _refused(
        path, f"the table has no column or array {shown(asked)}; {nearest(asked, table.names)}", asked
    )


def _refused(path: str, reason: str, column: str | None = None) -> InvalidParameter:
    detail = f"{path}: {reason}"
    return InvalidParameter(detail, errors=[Place(detail, field=path, column=column)])
