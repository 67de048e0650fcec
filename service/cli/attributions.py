"""`nif attributions`: how much of each output is due to each input."""

import json

import click

from service.cli.exits import write
from service.cli.labels import Labels
from service.cli.network_input import read_network
from service.cli.paths import beta_of
from service.report.text import number


@click.command("attributions")
@click.argument("network")
@click.option("--source", metavar="NEURON", help="Only this input, by name or as 0:2.")
@click.option("--target", metavar="NEURON", help="Only this output, by name or as 2:0.")
@click.option("--beta", type=str, help="Read the network with another beta; nothing is measured again.")
@click.option(
    "--store", metavar="URI", help="Where a NETWORK given by its id is; default: as `nif settings` says."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(
    network: str, source: str | None, target: str | None, beta: str | None, store: str | None, as_json: bool
) -> None:
    """Show the attributions of NETWORK: a network.json, the folder it is in, or an analysis id.

    An attribution is the sum over all paths from the input to the output of the product of nif along each.

    \b
      nif attributions nif-iris
      nif attributions nif-iris --source petal_length
    """
    other_beta = beta_of(beta)
    from estimator.graph.attribution import attributions

    flow = read_network(network, store, other_beta)
    labels = Labels(flow)
    table = attributions(flow)
    inputs, outputs = list(table.inputs), list(table.outputs)
    if source is not None:
        inputs = [labels.neuron(source, "--source", "input")]
    if target is not None:
        outputs = [labels.neuron(target, "--target", "output")]
    rows = [
        (i, o, float(table.values[table.inputs.index(i), table.outputs.index(o)]))
        for i in inputs
        for o in outputs
    ]
    if as_json:
        plain = [
            {"input": i, "input_name": labels[i], "output": o, "output_name": labels[o], "attribution": value}
            for i, o, value in rows
        ]
        write(json.dumps({"beta": flow.beta, "attributions": plain}, indent=2))
        return
    width = max((len(labels[i]) for i, _, _ in rows), default=0)
    for i, o, value in rows:
        write(f"{number(value, 4):>9}  {labels[i]:<{width}}  {labels[o]}")
