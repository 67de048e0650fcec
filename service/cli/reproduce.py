"""`nif reproduce`: the paper's experiments, run again, with a folder of what came out."""

import json
import tempfile
from pathlib import Path

import click

from estimator.errors import InvalidParameter, Place
from service.cli.analysis_options import whole
from service.cli.exits import write
from service.cli.output_folder import Output, output_folder
from service.cli.phase_clock import PhaseClock
from service.cli.run_here import run_here
from service.report.text import shown
from service.settings import load_settings

MOST_SEEDS = 100
REPRODUCTION = Output(
    frozenset({"reproduction.md", "reproduction.html", "plotly.min.js", "figures/figure-*", "tables/*",
               "models/*"}),
    frozenset({"figures", "tables", "models"}),
    ("reproduction.html",),
)  # fmt: skip


@click.command("reproduce")
@click.argument(
    "experiment", type=click.Choice(["iris", "banknote", "banknote-deep", "all"]), default="all",
    metavar="[iris|banknote|banknote-deep|all]",
)  # fmt: skip
@click.option("--seeds", metavar="N", default="10", show_default=True, help="Initialisations, 0 to N-1.")
@click.option("--output", metavar="DIR", help="Folder to write; default ./nif-reproduction.")
@click.option("--json", "as_json", is_flag=True, help="Print what held as JSON.")
def command(experiment: str, seeds: str, output: str | None, as_json: bool) -> None:
    """Run the experiments of arXiv 1901.08557 again, and say for each claim in how many seeds it held.

    Trains small networks (torch) on Iris and Banknote, by several recipes each, exports them to ONNX,
    analyses them by two estimators, cuts the neurons that carry nothing, and holds NIF's attribution beside
    SHAP and Integrated Gradients. Writes reproduction.md, an interactive page, figures, tables, the models.
    An older output is replaced. Needs the extra [reproduce].

    \b
      nif reproduce iris --seeds 2 --output iris-again
      nif reproduce all --seeds 10
    """
    count = whole("seeds", seeds)
    if not 1 <= count <= MOST_SEEDS:
        detail = f"--seeds is {count}; it must be between 1 and {MOST_SEEDS}"
        raise InvalidParameter(detail, errors=[Place(detail, field="--seeds")])
    from service.reproduction.installed import check_installed

    check_installed()
    from service.reproduction.computing import reproduction_request
    from service.reproduction.recipes import recipes_of
    from service.reproduction.writing import PAGE, write_reproduction

    final = Path(output).absolute() if output else Path.cwd() / "nif-reproduction"
    with PhaseClock() as clock, output_folder(final, REPRODUCTION) as folder:
        with tempfile.TemporaryDirectory(prefix="nif-reproduce-") as found:
            request = reproduction_request(recipes_of(experiment), range(count), Path(found))
            run_here("reproducing", request, load_settings(), clock)
            document = write_reproduction(Path(found), folder.draft, experiment, clock.report)
        published = folder.publish()
    seconds = clock.split()["total"]
    if as_json:
        write(json.dumps({"output": str(published), "seconds": seconds} | document, indent=1))
        return
    for claim in document["claims"]:
        fault = {"none": "", "here": "; a fault of this program"}.get(
            claim["fault"], f"; the {claim['fault']}"
        )
        write(f"{claim['id']:<4}{claim['held']:>4} of {claim['asked']:<4}{claim['says']}{fault}")
    write(f"page      {shown(str(published / PAGE), 300)}")
    write(f"time      {seconds:.0f} s")
