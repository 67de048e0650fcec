"""`nif diff`: what changed between two analyses."""

from typing import Any

import click

from estimator.data.table import TableLimits
from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork
from service.cli.analysis_options import Asked, number, table_format_of, table_options
from service.cli.input_files import usable_file
from service.cli.model_input import model_file
from service.cli.network_input import read_network
from service.cli.study_here import Given, study_here
from service.cli.study_output import write_study_output


@click.command("diff")
@click.argument("base")
@click.argument("head")
@click.option(
    "--align",
    type=click.Choice(["auto", "names", "activations"]),
    default="auto",
    show_default=True,
    help="How hidden neurons find their counterparts.",
)
@click.option("--base-model", metavar="FILE", help="The model of BASE, to match neurons by activations.")
@click.option("--head-model", metavar="FILE", help="The model of HEAD.")
@click.option("--data", metavar="FILE", help="The table of BASE: the rows that activations are compared on.")
@click.option("--head-data", metavar="FILE", help="The table of HEAD, where it is another.")
@table_options
@click.option("--alpha", default="0.05", show_default=True, help="Largest q of a change.")
@click.option("--least", default="0", show_default=True, help="Smallest change to report, in nats.")
@click.option(
    "--store", metavar="URI", help="Where networks given by id are; default: as `nif settings` says."
)
@click.option("--output", metavar="DIR", help="Folder to write diff.html and diff.json into.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
def command(base: str, head: str, **values: Any) -> None:
    """Show what changed from BASE to HEAD: each a network.json, the folder it is in, or an analysis id.

    Edges that appeared, vanished, grew or shrank, by more than the errors of both; what neurons tell of the
    probes; attributions; neurons that fell silent. Both must be of one architecture. With both models and
    the data, neurons of a retrained model are matched by what they do.

    \b
      nif diff nif-iris nif-retrained
      nif diff old new --base-model old.onnx --head-model new.onnx --data table.csv --output changes
    """
    from estimator.diff.options import DiffOptions

    options = DiffOptions(
        align=values["align"],
        alpha=number("alpha", values["alpha"]),
        least=number("least", values["least"]),
    )
    networks = [read_network(argument, values["store"], None) for argument in (base, head)]
    asks = _asks(networks, values)
    sides = [Given(ask, network) for ask, network in zip(asks, networks, strict=True)]
    document = study_here("diff", sides, options.as_dict()).document
    from service.report.studies.diff import section

    write_study_output(
        section(document), document, f"{base} → {head}", output=values["output"], as_json=values["as_json"]
    )


def _asks(networks: list[FlowNetwork], values: dict[str, Any]) -> list[Asked | None]:
    """Both sides' files, or none. Raises InvalidParameter where only some are given."""
    from estimator.diff.sides import Side

    given = {name: values[name] for name in ("base_model", "head_model", "data")}
    if not any(given.values()) and not values["head_data"]:
        return [None, None]
    for name, value in given.items():
        if not value:
            option = "--" + name.replace("_", "-")
            detail = f"{option} is missing: matching by activations needs both models and the data"
            raise InvalidParameter(detail, errors=[Place(detail, field=option)])
    asks: list[Asked | None] = []
    tables = {"base": values["data"], "head": values["head_data"] or values["data"]}
    for network, (side, table) in zip(networks, tables.items(), strict=True):
        option = "--head-data" if side == "head" and values["head_data"] else "--data"
        asks.append(
            Asked(
                model=model_file(values[f"{side}_model"], f"--{side}-model"),
                data=usable_file(table, option, TableLimits().file_bytes),
                table_format=table_format_of({**values, "data": table}),
                options=Side(network).options(),
            )
        )
    return asks
