"""`nif paths`: the strongest paths of a network."""

import json

import click

from estimator.errors import InvalidParameter, Place
from service.cli.analysis_options import number as as_number
from service.cli.analysis_options import whole
from service.cli.exits import write
from service.cli.labels import Labels
from service.cli.network_input import read_network
from service.report.text import number


@click.command("paths")
@click.argument("network")
@click.option("--source", metavar="NEURON", help="An input, by name or as 0:2 (layer 0, neuron 2).")
@click.option("--target", metavar="NEURON", help="An output by name, or any deeper neuron as 2:0.")
@click.option("-k", "k", type=str, default="10", show_default=True, help="How many paths.")
@click.option("--beta", type=str, help="Read the network with another beta; nothing is measured again.")
@click.option(
    "--store", metavar="URI", help="Where a NETWORK given by its id is; default: as `nif settings` says."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(
    network: str,
    source: str | None,
    target: str | None,
    k: str,
    beta: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Show the strongest paths of NETWORK: a network.json, the folder it is in, or an analysis id.

    The strength of a path is the product of nif (nats) along it. Without --source and --target, all paths
    from any input to any output are compared.

    \b
      nif paths nif-iris
      nif paths nif-iris --source petal_length --target 2:0 -k 3
    """
    if (source is None) != (target is None):
        missing = "--target" if target is None else "--source"
        detail = f"{missing} is missing: give both ends of the paths, or none"
        raise InvalidParameter(detail, errors=[Place(detail, field=missing)])
    count, other_beta = whole("k", k), beta_of(beta)
    from estimator.graph.paths import strongest_overall, strongest_paths

    flow = read_network(network, store, other_beta)
    labels = Labels(flow)
    if source is None or target is None:
        found = strongest_overall(flow, count)
    else:
        ends = labels.neuron(source, "--source", "input"), labels.neuron(target, "--target", "output")
        found = strongest_paths(flow, *ends, count)
    if as_json:
        paths = [
            {
                "neurons": list(path.neurons),
                "names": [labels[neuron] for neuron in path.neurons],
                "nif": list(path.nif),
                "product": path.product,
            }
            for path in found
        ]
        write(json.dumps({"beta": flow.beta, "paths": paths}, indent=2))
        return
    if not found:
        write("no path: no flow edges lead from there to there")
    for path in found:
        write(f"{number(path.product, 4):>9}  {' -> '.join(labels[neuron] for neuron in path.neurons)}")


def beta_of(text: str | None) -> float | None:
    if text is None:
        return None
    beta = as_number("beta", text)
    if not 0 <= beta <= 1e6:
        detail = f"--beta is {text}; it must be between 0 and 1e6"
        raise InvalidParameter(detail, errors=[Place(detail, field="--beta")])
    return beta
