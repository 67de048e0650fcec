"""`nif analyze`: the whole way from a model and a table to a network and its report, on this machine."""

import json
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from service.cli.analysis_options import Asked, analysis_options, asked
from service.cli.exits import write
from service.cli.local_store import opened
from service.cli.output_folder import OutputFolder, output_folder
from service.cli.phase_clock import PhaseClock
from service.cli.run_here import run_here
from service.jobs.estimating import NETWORK, Source, request_of
from service.network_ids import id_of_content
from service.settings import Settings, load_settings

NO_STORE = "none"


@click.command("analyze")
@analysis_options
@click.option(
    "--output", metavar="DIR", help="Folder to write; default ./nif-MODEL. An older output is replaced."
)
@click.option(
    "--store", metavar="URI", help="Where to keep the network, or none; default: as `nif settings` says."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(output: str | None, store: str | None, as_json: bool, **values: Any) -> None:
    """Analyse MODEL (ONNX) on DATA (a table whose columns are named as the model's inputs).

    Writes network.json and report.html, prints a summary, and keeps the network in the store.

    \b
      nif analyze examples/iris/iris.onnx examples/iris/iris.csv --target species
      nif analyze model.onnx table.csv --delimiter ';' --estimator ksg --output result
    """
    ask = asked(values)
    settings = load_settings()
    uri = store or settings.store
    final = Path(output).absolute() if output else Path.cwd() / f"nif-{ask.model.stem}"
    with PhaseClock(draw=None) as clock, output_folder(final) as folder:
        if uri != NO_STORE:
            with opened(uri):  # before the work, so that an hour of it is not lost to a wrong URI
                pass
        answer = _analyse(ask, folder, settings, clock, uri)
    seconds = clock.split()
    if as_json:
        write(json.dumps(answer | {"seconds": seconds | {"phases": clock.seconds}}, indent=2))
        return
    from service.cli.summary import summary_lines

    for line in summary_lines(answer["summary"], Path(answer["report"]), seconds, answer["analysis"]):
        write(line)


def _analyse(
    ask: Asked, folder: OutputFolder, settings: Settings, clock: PhaseClock, uri: str
) -> dict[str, Any]:
    request = request_of(
        Source(ask.model, None), Source(ask.data, None), ask.table_format, ask.options, folder.draft
    )
    threading.Thread(target=_load_libraries, daemon=True).start()
    result = run_here("estimating", request, settings, clock)
    clock.report("graph", 0, 3)
    from estimator.graph.describe import describe
    from estimator.graph.export import json as json_export
    from estimator.network_file import load_network
    from service.cli.summary import facts_of
    from service.report.page import write_report

    network_file = folder.draft / NETWORK
    network = load_network(network_file)
    network_file.unlink()
    facts = describe(network)
    clock.report("graph", 1, 3)
    with (folder.draft / "network.json").open("wb") as file:
        file.writelines(json_export(network, facts))
    write_report(network, facts, folder.draft, title=ask.model.name)
    clock.report("graph", 2, 3)
    published = folder.publish()
    stored = None
    if uri != NO_STORE:
        clock.report("storing", 0, 1)
        stored = id_of_content(result["sha256"])
        with opened(uri) as store:
            store.write(stored, network)
        clock.report("storing", 1, 1)
    return {
        "analysis": stored,
        "output": str(published),
        "network": str(published / "network.json"),
        "report": str(published / "report.html"),
        "summary": facts_of(network),
    }


def _load_libraries() -> None:
    """Load what is needed after the analysis while the child analyses; errors are met again there."""
    with suppress(ImportError):
        for module in ("estimator.graph.describe", "estimator.graph.paths", "service.report.page"):
            import_module(module)
