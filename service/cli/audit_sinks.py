"""Where an audit goes besides its formats: each sink is a module of its own, listed in SINKS.

A sink's module has two functions:

    prepare(values: Mapping[str, Any]) -> None          before the analysis: refuse what can be refused early
    write(run: AuditRun, values: Mapping[str, Any]) -> Iterable[str]      after judging: the lines to print

`values` are the command line's by option name. Both raise NifError with a clear sentence.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from estimator.errors import NifError
from estimator.network import FlowNetwork
from service.cli.analysis_options import Asked
from service.cli.exits import complain
from service.cli.sink_options import BUNDLE, MLFLOW, MODEL_CARD
from service.policies import Policy


@dataclass(frozen=True)
class AuditRun:
    """What a sink may write down. document: of the audit, plain JSON values.

    policy_text: the policy's file, byte for byte. ask: MODEL, DATA and the options of the analysis, None
    where the network was given. seconds: wall time of each phase.
    """

    document: Mapping[str, Any]
    policy: Policy
    policy_text: bytes
    network: FlowNetwork
    baseline: FlowNetwork | None
    ask: Asked | None
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Sink:
    """wanted: the option that asks for it. options: click's decorators, that one among them.

    decides: whether a failure ends the command with 2; else it is told on stderr and the verdict stands.
    """

    wanted: str
    module: str
    options: tuple[Callable[[Any], Any], ...]
    decides: bool = True


SINKS: tuple[Sink, ...] = (
    Sink("bundle", "service.cli.bundle_sink", BUNDLE),
    Sink("model_card", "service.cli.model_card_sink", MODEL_CARD),
    Sink("mlflow_run", "service.cli.mlflow_sink", MLFLOW, decides=False),
)


def sink_options(command: Any) -> Any:
    """Add the options of all sinks to a command."""
    for option in reversed([option for sink in SINKS for option in sink.options]):
        command = option(command)
    return command


def prepare_sinks(values: Mapping[str, Any]) -> None:
    """Let every sink that is asked for refuse now what it would refuse later."""
    for sink in _wanted(values):
        import_module(sink.module).prepare(values)


def write_to_sinks(run: AuditRun, values: Mapping[str, Any]) -> Iterator[str]:
    """Write to every sink that is asked for; yields the lines to print."""
    for sink in _wanted(values):
        try:
            yield from import_module(sink.module).write(run, values)
        except NifError as error:
            if sink.decides:
                raise
            complain(f"{error.detail}; the verdict stands")


def _wanted(values: Mapping[str, Any]) -> Iterator[Sink]:
    for sink in SINKS:
        if values.get(sink.wanted):
            yield sink
