"""The folder of a reproduction, from what the child left.

reproduction.md  reproduction.html  plotly.min.js  figures/*.png, *.svg  tables/*.csv
models/RECIPE-SEED.onnx and the tables that they were trained on
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from estimator.progress import Progress
from service.report.rendering import write_page
from service.reproduction.computing import load_runs
from service.reproduction.data import read_data
from service.reproduction.markdown import reproduction_page
from service.reproduction.page import html_page
from service.reproduction.pictures import pictures
from service.reproduction.recipes import BY_ID, RECIPES
from service.reproduction.run import ESTIMATORS, Run
from service.reproduction.tables import tables
from service.reproduction.tallies import Verdict, verdicts

PAGE = "reproduction.html"


def write_reproduction(found: Path, folder: Path, experiment: str, progress: Progress) -> dict[str, Any]:
    """Write everything into `folder`; returns the verdicts, plain JSON values. found: the child's folder."""
    runs = load_runs(found, lambda done, total: progress("graph", done, total))
    judged = verdicts(runs)
    versions = dict(runs[0].by[ESTIMATORS[0]].network.provenance["versions"])
    progress("writing", 0, 3)
    _write(folder / "tables", tables(runs, judged))
    _write(folder / "figures", pictures(runs, ESTIMATORS[0]))
    progress("writing", 1, 3)
    models = {f"{run.name}.onnx": (found / f"{run.name}.onnx").read_bytes() for run in runs}
    data = {f"{name}.csv": read_data(name).file for name in {BY_ID[run.recipe].data for run in runs}}
    _write(folder / "models", models | data)
    (folder / "reproduction.md").write_text(
        reproduction_page(runs, judged, experiment, versions), encoding="utf-8"
    )
    progress("writing", 2, 3)
    write_page(html_page(runs, judged, experiment, versions), folder / PAGE)
    progress("writing", 3, 3)
    return _document(runs, judged, experiment)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _document(runs: Sequence[Run], judged: Sequence[Verdict], experiment: str) -> dict[str, Any]:
    return {
        "experiment": experiment,
        "seeds": sorted({run.seed for run in runs}),
        "recipes": [recipe.id for recipe in RECIPES if any(run.recipe == recipe.id for run in runs)],
        "claims": [
            {
                "id": v.claim.id,
                "says": v.claim.says,
                "kind": v.claim.kind,
                "held": v.held,
                "asked": v.asked,
                "fault": v.fault,
                "failures": v.failures,
                "other_estimator_fails_too": v.both_fail,
                "recipes": {
                    t.recipe.id: {e: [t.held(n), t.asked(n)] for n, e in enumerate(ESTIMATORS)}
                    for t in v.tallies
                },
            }
            for v in judged
        ],
    }
