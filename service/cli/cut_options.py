"""The options that `ablate` and `prune` share: which neurons, of which network."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, get_args

import click
from click.core import ParameterSource

from estimator.ablation.options import Choose
from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork
from estimator.scoring.metrics import METRICS
from service.cli.analysis_options import Asked, asked, whole
from service.cli.network_input import read_network
from service.cli.study_here import Given

Command = TypeVar("Command", bound=Callable[..., Any])

# What says how DATA is read and labelled; all other options of an analysis are the network's own.
_WITH_A_NETWORK = {"model", "data", "target", "kind", "delimiter", "decimal", "no_header", "columns_by"}

_DECORATORS = (
    click.option("--network", metavar="NETWORK", help="Of MODEL on DATA: nothing is measured again."),
    click.option(
        "--store", metavar="URI", help="Where a NETWORK given by its id is; default: as `nif settings` says."
    ),
    click.option(
        "--choose", type=click.Choice(get_args(Choose)), default="silent", show_default=True,
        help="Which neurons are cut.",
    ),
    click.option(
        "--neuron", "neurons", metavar="NEURON", multiple=True,
        help="Cut this one, by id (1:4) or name; repeatable. Implies --choose list.",
    ),
    click.option("-k", "--k", "k", metavar="K",
                 help="How many, for --choose least-...; default: all but one of each layer."),
    click.option("--cut-layer", "cut_layers", metavar="NAME", multiple=True,
                 help="Cut in this hidden layer only; repeatable."),
    click.option("--metric", type=click.Choice(["auto", *METRICS]), default="auto", show_default=True),
    click.option("--class", "classes", metavar="NAME", multiple=True,
                 help="Name of the model's first, second ... output, where neither model nor labels say."),
)  # fmt: skip


def cut_options(command: Command) -> Command:
    """Add the options to a command that has those of an analysis."""
    for decorate in reversed(_DECORATORS):
        command = decorate(command)
    return command


def cut_values(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of AblationOptions and PruningOptions that these options set."""
    choose = values["choose"]
    if values["neurons"]:
        given = click.get_current_context().get_parameter_source("choose") == ParameterSource.COMMANDLINE
        if given and choose != "list":
            detail = f"--neuron lists neurons and --choose is {choose}; give one of both"
            raise InvalidParameter(detail, errors=[Place(detail, field="--neuron")])
        choose = "list"
    return {
        "choose": choose,
        "neurons": values["neurons"],
        "k": None if values["k"] is None else whole("k", values["k"]),
        "layers": values["cut_layers"],
        "target": values["target"],
        "metric": values["metric"],
        "classes": values["classes"],
    }


def given_side(values: dict[str, Any]) -> Given:
    """MODEL and DATA, and the network if one is named: its record says then how it was analysed.

    Raises InvalidParameter for an option that the network has settled already.
    """
    ask = asked(values)
    if values["network"] is None:
        return Given(ask)
    context = click.get_current_context()
    own = {
        p.name for p in context.command.params if p.name in ask.options.as_dict() or p.name == "parameters"
    }
    for name in sorted(own - _WITH_A_NETWORK):
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            option = "--" + name.rstrip("s").replace("_", "-")
            detail = f"{option} and --network: the network was measured already; leave one of them out"
            raise InvalidParameter(detail, errors=[Place(detail, field=option)])
    network = read_network(values["network"], values["store"], None)
    return Given(_as_recorded(ask, network), network)


def _as_recorded(ask: Asked, network: FlowNetwork) -> Asked:
    """With the options that decide which columns are inputs and which neurons were measured."""
    from estimator.diff.sides import Side

    options = Side(network).options()
    if ask.options.target is not None and ask.options.target != options.target:
        before = () if options.target is None else (options.target,)
        probes = tuple(name for name in (*before, *options.probes) if name != ask.options.target)
        options = replace(options, target=ask.options.target, probes=probes)
    return replace(ask, options=options)
