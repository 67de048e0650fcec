"""The options that `analyze` and `estimate` share, and what they make of them."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from estimator.data.table import TableFormat, TableKind, TableLimits
from estimator.errors import InvalidParameter, Place
from estimator.options import ESTIMATORS, ColumnsBy, Device, Options, Redundancy
from service.cli.input_files import usable_file
from service.cli.model_input import model_file

Command = TypeVar("Command", bound=Callable[..., Any])

# Kind of table by the name's ending, as the user wrote it; the content must agree.
ENDINGS: dict[str, TableKind] = {".npy": "npy", ".npz": "npz", ".parquet": "parquet"}
SPELT = {"tab": "\t", "comma": ",", "semicolon": ";", "\\t": "\t"}

_DEFAULT = Options()
_DECORATORS = (
    click.argument("model", type=str),
    click.argument("data", type=str),
    click.option("--target", metavar="COL", help="Column with the labels; it is a probe, too."),
    click.option(
        "--probe", "probes", metavar="COL", multiple=True, help="Another column that is no input; repeatable."
    ),
    click.option("--estimator", type=click.Choice(ESTIMATORS), default=_DEFAULT.estimator, show_default=True),
    click.option(
        "--parameter", "parameters", metavar="NAME=VALUE", multiple=True, help="Of the estimator; repeatable."
    ),
    click.option(
        "--beta", type=str, default=str(_DEFAULT.beta), show_default=True, help="Weight of the redundancy."
    ),
    click.option(
        "--redundancy",
        type=click.Choice(get_args(Redundancy)),
        default=_DEFAULT.redundancy,
        show_default=True,
    ),
    click.option(
        "--alpha", type=str, default=str(_DEFAULT.alpha), show_default=True, help="Largest q of a flow edge."
    ),
    click.option("--permutations", type=str, default=str(_DEFAULT.permutations), show_default=True),
    click.option(
        "--seed", type=str, default=str(_DEFAULT.seed), show_default=True, help="Of everything random."
    ),
    click.option(
        "--cross-check", type=click.Choice(ESTIMATORS), help="A second estimator, on a share of the edges."
    ),
    click.option("--cross-check-share", type=str, default=str(_DEFAULT.cross_check_share), show_default=True),
    click.option(
        "--layer",
        "layers",
        metavar="NAME",
        multiple=True,
        help="Measure only this hidden layer (see nif layers); repeatable.",
    ),
    click.option("--sample-neurons", metavar="N", help="Of layers with more neurons, measure N drawn ones."),
    click.option(
        "--input",
        "inputs",
        metavar="NAME=COL",
        multiple=True,
        help="Give the column COL, or all columns of the array COL, to the model's input NAME; repeatable.",
    ),
    click.option("--columns-by", type=click.Choice(get_args(ColumnsBy)), default="name", show_default=True),
    click.option("--device", type=click.Choice(get_args(Device)), default="auto", show_default=True),
    click.option(
        "--format", "kind", type=click.Choice(get_args(TableKind)), help="Of DATA; by its ending, else csv."
    ),
    click.option(
        "--delimiter", default=",", show_default=True, help="Between the cells: one character, or tab."
    ),
    click.option("--decimal", default=".", show_default=True, help="Decimal mark: . or ,"),
    click.option(
        "--no-header", is_flag=True, help="The first line is data; columns are column_1, column_2 ..."
    ),
)


@dataclass(frozen=True)
class Asked:
    """What a command line asks to analyse; checked, nothing read yet."""

    model: Path
    data: Path
    table_format: TableFormat
    options: Options


def analysis_options(command: Command) -> Command:
    """Add the arguments MODEL and DATA and the options of an analysis to a command."""
    for decorate in reversed(_DECORATORS):
        command = decorate(command)
    return command


def table_options(command: Command) -> Command:
    """Add the options that say how a table is read, to a command that names its table itself."""
    for decorate in reversed(_DECORATORS[-4:]):
        command = decorate(command)
    return command


def asked(values: dict[str, Any]) -> Asked:
    """Take the command's values apart. Raises InvalidParameter, naming the option as it is written."""
    table_format = table_format_of(values)
    options = {f.name: values[f.name] for f in fields(Options) if f.name in values}
    options |= {"probes": tuple(values["probes"]), "parameters": _parameters(values["parameters"])}
    options |= {name: _number(name, values[name]) for name in ("beta", "alpha", "cross_check_share")}
    options |= {name: _whole(name, values[name]) for name in ("seed", "permutations")}
    options["inputs"] = _inputs(values["inputs"])
    options["layers"] = tuple(values["layers"])
    if values["sample_neurons"] is not None:
        options["sample_neurons"] = _whole("sample_neurons", values["sample_neurons"])
    try:
        checked = Options(**options)
    except InvalidParameter as error:
        raise _as_written(error) from error
    return Asked(
        model=model_file(values["model"]),
        data=usable_file(values["data"], "DATA", TableLimits().file_bytes),
        table_format=table_format,
        options=checked,
    )


def table_format_of(values: dict[str, Any]) -> TableFormat:
    """What `table_options` says of the table at values["data"]. Raises InvalidParameter."""
    kind = values["kind"] or ENDINGS.get(Path(values["data"]).suffix.lower(), "csv")
    if kind != "csv" and (values["no_header"] or values["delimiter"] != "," or values["decimal"] != "."):
        raise _refuse(
            "delimiter", f"--delimiter, --decimal and --no-header are for CSV; DATA is read as {kind}"
        )
    delimiter = SPELT.get(values["delimiter"], values["delimiter"])
    try:
        return TableFormat(kind, delimiter, values["decimal"], not values["no_header"])
    except InvalidParameter as error:
        raise _as_written(error) from error


def number(option: str, text: str) -> float:
    """A decimal number as it is usually written; nan, inf, 1_000 and ٣ are none."""
    plain = text.isascii() and "_" not in text and text == text.strip()
    try:
        if not plain or not any(c.isdigit() for c in text):
            raise ValueError
        return float(text)
    except ValueError:
        raise _refuse(option, f"{_flag(option)} is {text!r}; it must be a number") from None


def whole(option: str, text: str) -> int:
    """A whole number in digits."""
    if not (text.isascii() and text.removeprefix("-").isdigit()) or len(text) > 20:
        raise _refuse(option, f"{_flag(option)} is {text[:40]!r}; it must be a whole number")
    return int(text)


_number, _whole = number, whole


def _parameters(pairs: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name or name in found:
            raise _refuse("parameter", f"--parameter is {pair!r}; it must be NAME=VALUE, each name once")
        digits = text.removeprefix("-").isdigit() and text.isascii()
        found[name] = int(text) if digits and len(text) < 16 else _number("parameter", text)
    return found


def _inputs(pairs: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, sign, column = pair.partition("=")
        if not sign or not name or not column:
            raise _refuse("input", f"--input is {pair[:120]!r}; it must be NAME=COL")
        found[name] = (*found.get(name, ()), column)
    return found


def _flag(option: str) -> str:
    return ("-" if len(option) == 1 else "--") + option.replace("_", "-")


def _refuse(option: str, detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=_flag(option))])


def _as_written(error: InvalidParameter) -> InvalidParameter:
    """The same error with the options' names as on the command line."""
    detail = error.detail
    for place in error.errors:
        if place.field is not None:
            detail = detail.replace(place.field, _flag(place.field))
    return InvalidParameter(
        detail, errors=[Place(detail, field=_flag(place.field or "")) for place in error.errors]
    )
