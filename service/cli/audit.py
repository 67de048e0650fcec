"""`nif audit`: a policy judged on a model and data, or on a network that is there. The gate of a pipeline."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from service.cli.analysis_options import Asked, analysis_options
from service.cli.audit_baseline import baseline_side, compared_here
from service.cli.audit_inputs import given, subject
from service.cli.audit_outputs import outputs, write_outputs
from service.cli.audit_sinks import AuditRun, prepare_sinks, sink_options, write_to_sinks
from service.cli.exits import FAILED, PASSED, REFUSED, complain, write
from service.cli.input_files import usable_file
from service.cli.paths import beta_of
from service.cli.phase_clock import PhaseClock
from service.policies import Policy, judge, read_policy
from service.policies.finding import Verdict
from service.policies.formats import FORMATS, render
from service.policies.yaml_text import MOST_BYTES
from service.settings import load_settings

EXITS: dict[Verdict, int] = {"pass": PASSED, "fail": FAILED, "cannot tell": REFUSED}


def _optional(command: Callable[..., Any]) -> Callable[..., Any]:
    """MODEL and DATA may be left out, and --format is the audit's: the table's is --data-format."""
    parameters: list[click.Parameter] = command.__click_params__  # type: ignore[attr-defined]
    for parameter in parameters:
        if parameter.name in ("model", "data"):
            parameter.required = False
        elif parameter.name == "kind":
            parameter.opts = ["--data-format"]
    return command


def _print_schema(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked:
        from service.policies.json_schema import FILE

        write(FILE.read_text(encoding="utf-8").rstrip("\n"))
        context.exit(PASSED)


@click.command("audit")
@_optional
@analysis_options
@click.option("--policy", "policy_file", metavar="FILE", required=True, help="The rules, in YAML.")
@click.option(
    "--network", metavar="NETWORK", help="Judge this one: a network.json, its folder, or an analysis id."
)
@click.option("--baseline", metavar="NETWORK", help="What to compare with, for rules about change.")
@click.option("--baseline-model", metavar="FILE", help="Its model, to match neurons by what they do.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(list(FORMATS)),
    multiple=True,
    help="What to write; repeatable. Default: terminal.",
)
@click.option("--output", metavar="PATH", help="A file for one format, a folder for several.")
@click.option(
    "--store", metavar="URI", help="Where networks given by id are; default: as `nif settings` says."
)
@click.option(
    "--policy-schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON schema of a policy, and do nothing else.",
)
@sink_options
@click.option("--json", "as_json", is_flag=True, help="Print the audit as JSON only.")
def command(**values: Any) -> None:
    """Judge a policy on MODEL and DATA, or on a NETWORK.

    Exit code 0: pass. 1: the policy failed. 2: it cannot be told, or an error.

    The probes that the policy names are measured by themselves, and a second estimator where it wants two to
    agree. docs/policies.md lists the rules.

    \b
      nif audit model.onnx data.csv --policy policy.yaml --target income
      nif audit --network nif-model --policy policy.yaml --baseline nif-before
      nif audit model.onnx data.csv --policy policy.yaml --format junit --format sarif --output audit
    """
    text = usable_file(values["policy_file"], "--policy", MOST_BYTES).read_bytes()
    policy = replace(read_policy(text, values["policy_file"]), file=_place_of(values["policy_file"]))
    where = outputs(values["formats"], values["output"], as_json=values["as_json"])
    context = click.get_current_context()
    written = {n for n in values if context.get_parameter_source(n) is ParameterSource.COMMANDLINE}
    ask = given(values, written, policy)
    beta = beta_of(values["beta"]) if "beta" in written else None
    prepare_sinks(values)
    run = _run(policy, text, ask, beta, values)
    lines = [*write_outputs(where, run.document), *write_to_sinks(run, values)]
    write(render(where.printed, run.document).rstrip("\n"))
    for line in lines:
        if where.printed == "terminal":
            write(line)
        else:
            complain(line)
    sys.stdout.flush()
    raise click.exceptions.Exit(EXITS[run.document["verdict"]])


def _place_of(file: str) -> str:
    """The policy's file as outputs name it: from here where it lies below, else without its folders."""
    path = Path(file)
    if not path.is_absolute():
        return file
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else path.name


def _run(
    policy: Policy, text: bytes, ask: Asked | None, beta: float | None, values: dict[str, Any]
) -> AuditRun:
    with PhaseClock() as clock:
        baseline = baseline_side(values, ask)
        found = subject(values, beta, ask, policy, load_settings(), clock)
        change = compared_here(baseline, found.network, found.ask, clock.report)
        clock.report("judging", 0, 1)
        audit = judge(policy, found.network, change, refused=found.refused)
        clock.report("judging", 1, 1)
    networks = [found.network, *([] if baseline is None else [baseline.network])]
    of = [
        {"analysis_id": None} | {key: network.provenance.get(key) for key in ("model_sha256", "data_sha256")}
        for network in networks
    ]
    return AuditRun(
        document=audit.document() | {"of": of},
        policy=policy,
        policy_text=text,
        network=found.network,
        baseline=None if baseline is None else baseline.network,
        ask=found.ask,
        seconds=dict(clock.seconds),
    )
