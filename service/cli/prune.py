"""`nif prune`: a smaller model, without neurons that can go."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork
from service.cli.analysis_options import Asked, analysis_options
from service.cli.cut_options import cut_options, cut_values, given_side
from service.cli.exits import write
from service.cli.phase_clock import PhaseClock
from service.cli.run_here import run_here
from service.jobs.estimating import NETWORK, Source, request_of
from service.report.text import shown
from service.settings import load_settings

MARK = b"nif.pruned_from"


@click.command("prune")
@analysis_options
@cut_options
@click.option("--output", metavar="FILE", help="The smaller model; default ./MODEL-pruned.onnx.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(**values: Any) -> None:
    """Write MODEL without some of its hidden neurons: a smaller ONNX file, verified on DATA.

    By default the silent ones. What constant neurons gave moves into the next bias, so that the outputs
    stay; other neurons are cut at 0, as `nif ablate` cuts them. Where the graph needs a neuron's place (one
    branch of a residual sum), it is held at 0 or kept, and the reason is said.

    \b
      nif prune examples/iris/iris.onnx examples/iris/iris.csv --target species
      nif prune model.onnx table.csv --choose constant --output small.onnx
    """
    from estimator.data.read import read_table
    from estimator.pruning import PruningOptions, prune

    options = PruningOptions(**cut_values(values))
    side = given_side(values)
    if side.ask is None:
        raise AssertionError("MODEL and DATA are always given")
    final = _output(values["output"], side.ask.model)
    with PhaseClock() as clock:
        network = side.network if side.network is not None else _analysed(side.ask, clock)
        clock.report("reading", 0, 1)
        model = side.ask.model.read_bytes()
        table = read_table(side.ask.data, side.ask.table_format)
        pruned = prune(model, table, network, side.ask.options, options, clock.report)
        _write(pruned.model, final)
    document = pruned.document() | {"output": str(final)}
    if values["as_json"]:
        write(json.dumps(document, indent=1))
        return
    from service.cli.section_text import section_lines
    from service.report.studies.pruning import section

    for line in section_lines(section(document)):
        write(line)
    write(f"model     {shown(str(final), 300)}")


def _analysed(ask: Asked, clock: PhaseClock) -> FlowNetwork:
    from estimator.network_file import load_network

    with tempfile.TemporaryDirectory(prefix="nif-prune-") as folder:
        model, data = Source(ask.model, None), Source(ask.data, None)
        request = request_of(model, data, ask.table_format, ask.options, Path(folder))
        run_here("estimating", request, load_settings(), clock)
        return load_network(Path(folder) / NETWORK)


def _output(asked: str | None, model: Path) -> Path:
    """Where the smaller model goes. Raises InvalidParameter, before any work, for a file that is not ours."""
    final = Path(asked).absolute() if asked else Path.cwd() / f"{model.stem}-pruned.onnx"
    name = shown(str(final), 120)
    if final.is_symlink() or (final.exists() and not final.is_file()):
        raise _refused(f"--output {name} is no file; give the name of one")
    if final.exists() and (final.samefile(model) or MARK not in final.read_bytes()):
        raise _refused(f"--output {name} is there, and `nif prune` did not make it; give another name")
    return final


def _write(data: bytes, final: Path) -> None:
    """Whole or not at all."""
    final.parent.mkdir(parents=True, exist_ok=True)
    part = final.with_name(f".{final.name}.{uuid4().hex}")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _refused(detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field="--output")])
