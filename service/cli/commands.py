"""The group `nif`. A command's module is imported when the command is used, so that help is quick."""

from difflib import get_close_matches
from importlib import import_module

import click

COMMANDS = {
    "analyze": "Analyse a model on a table, here, without a server.",
    "layers": "Show the layers recognised in a model.",
    "estimate": "Say what an analysis will take, and run nothing.",
    "paths": "Show the strongest paths of a network.",
    "attributions": "Show how much of each output is due to each input.",
    "ablate": "Cut neurons and measure what that costs.",
    "compare": "Show NIF beside SHAP, Integrated Gradients and plain MI.",
    "prune": "Write a smaller model, without neurons that can go.",
    "reproduce": "Run the paper's experiments again, and say what holds.",
    "diff": "Show what changed between two analyses.",
    "probes": "Show by layer what is heard of the columns that are no inputs.",
    "audit": "Judge a policy on a model or a network: pass, fail or cannot tell.",
    "verify": "Check the signed evidence of an audit.",
    "serve": "Run the REST API and its workers.",
    "worker": "Run one worker.",
    "migrate": "Bring the databases up to date.",
    "keys": "Make, list and revoke API keys, and keys that sign evidence.",
    "audit-log": "Check the service's audit log, and make anchors of it.",
    "settings": "List all settings, their values and where these come from.",
}


class Commands(click.Group):
    """Commands by name; each is the attribute `command` of the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"service.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="neural-information-flow", prog_name="nif")
def nif() -> None:
    """Neural Information Flow: how much information runs from neuron to neuron.

    A first look at a trained model (ONNX) and a table (CSV with a header line):

    \b
      nif analyze iris.onnx iris.csv --target species
      nif paths nif-iris

    `nif COMMAND --help` shows each command with an example.
    """
