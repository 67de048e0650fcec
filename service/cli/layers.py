"""`nif layers`: how a model will be read."""

import json
from typing import Any

import click

from service.cli.exits import write
from service.cli.model_input import model_file
from service.report.text import shown

MOST_SHOWN = 8


@click.command("layers")
@click.argument("model", type=str)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(model: str, as_json: bool) -> None:
    """Show the layers recognised in MODEL: what was merged, what a neuron is, what feeds what.

    \b
      nif layers examples/iris/iris.onnx
    """
    from estimator.model.outline import outline
    from estimator.model.read import read_model

    found = outline(read_model(model_file(model).read_bytes()))
    if as_json:
        write(json.dumps(found, indent=2))
        return
    for layer in found["layers"]:
        write(f"{layer['index']:>3}  {shown(layer['name'], 40)}  ({layer['kind']}, level {layer['level']})")
        write(f"     {layer['size']:,} neurons: {_names(layer)}")
        if layer["operators"]:
            write(f"     merged: {_operators(layer)}")
        if layer["meaning"]:
            write(f"     a neuron is a {layer['meaning']}")
        if layer["sources"]:
            write(
                f"     fed by: {', '.join(shown(found['layers'][s]['name'], 40) for s in layer['sources'])}"
            )
    pairs = sum(link["pairs"] for link in found["links"])
    write(f"{len(found['layers'])} layers, {pairs:,} pairs of neurons between linked ones")


def _names(layer: dict[str, Any]) -> str:
    more = ", ..." if layer["size"] > MOST_SHOWN else ""
    return ", ".join(shown(name, 40) for name in layer["neurons"][:MOST_SHOWN]) + more


def _operators(layer: dict[str, Any]) -> str:
    """In order where they are few, else how many of each."""
    if len(layer["operators"]) <= MOST_SHOWN:
        return ", ".join(shown(name, 40) for name in layer["operators"])
    return ", ".join(f"{count} {shown(name, 40)}" for name, count in layer["operator_counts"].items())
