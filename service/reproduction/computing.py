"""In the child: every recipe and seed is trained, exported and measured; what is found is left in files.

One network after the other is trained here; they are measured in THREADS threads, whose work is mostly done
by the children that run the models. The order of events changes no number.
"""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from estimator.graph.describe import describe
from estimator.network_file import load_network
from estimator.progress import Progress
from estimator.scoring.bootstrap import Interval
from service.reproduction.recipes import BY_ID, Recipe
from service.reproduction.run import Attributed, Cut, Measured, Run

FOUND = "found.json"
THREADS = min(2, os.cpu_count() or 1)


def reproduction_request(recipes: Sequence[Recipe], seeds: Sequence[int], folder: Path) -> dict[str, Any]:
    """What the parent sends; plain JSON values."""
    return {"recipes": [recipe.id for recipe in recipes], "seeds": list(seeds), "folder": str(folder)}


def reproduce(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Leave found.json, and of each network NAME.onnx and NAME.ESTIMATOR.nif; returns how many there are."""
    folder = Path(request["folder"])
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder / "torch")  # the exporter makes one, and leaves it
    import torch

    from service.reproduction.data import read_data
    from service.reproduction.measuring import STEPS, measure
    from service.reproduction.training import exported, train

    torch.set_num_threads(1)
    recipes = [BY_ID[name] for name in request["recipes"]]
    data = {name: read_data(name) for name in dict.fromkeys(recipe.data for recipe in recipes)}
    todo = [(recipe, seed) for recipe in recipes for seed in request["seeds"]]
    count = _Count(progress, len(todo) * (STEPS + 1))
    measured: list[tuple[Recipe, int, Future[dict[str, Any]]]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for recipe, seed in todo:
                name = f"{recipe.id}-{seed}"
                model = exported(train(data[recipe.data], recipe, seed), data[recipe.data])
                (folder / f"{name}.onnx").write_bytes(model)
                count()
                work = pool.submit(measure, model, data[recipe.data], folder, name, count)
                measured.append((recipe, seed, work))
            found = [{"recipe": r.id, "seed": seed, **work.result()} for r, seed, work in measured]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    (folder / FOUND).write_text(json.dumps(found, allow_nan=False))
    return {"networks": len(found)}


class _Count:
    """Progress told by several threads."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done, self._lock = progress, total, 0, Lock()
        progress("reproducing", 0, total)

    def __call__(self) -> None:
        with self._lock:
            self._done += 1
            self._progress("reproducing", self._done, self._total)


def load_runs(folder: Path, tick: Callable[[int, int], None] = lambda done, total: None) -> tuple[Run, ...]:
    """What `reproduce` left. tick: called with runs read and in all."""
    given = json.loads((folder / FOUND).read_text())
    runs = []
    for number, one in enumerate(given):
        tick(number, len(given))
        name = f"{one['recipe']}-{one['seed']}"
        by = {e: _measured(said, folder / f"{name}.{e}.nif") for e, said in one["by"].items()}
        cuts = {key: Cut.from_dict(one[key]) for key in ("without_dead", "without_remaining")}
        runs.append(
            Run(
                recipe=one["recipe"],
                seed=one["seed"],
                before=Interval(**one["before"]),
                dead=cuts["without_dead"].neurons,
                remaining=cuts["without_remaining"].neurons,
                by=by,
                **cuts,
            )
        )
    return tuple(runs)


def _measured(said: dict[str, Any], file: Path) -> Measured:
    network = load_network(file)
    return Measured(
        network=network,
        facts=describe(network),
        cuts={what: Cut.from_dict(cut) for what, cut in said["cuts"].items()},
        attributed={method: Attributed.from_dict(one) for method, one in said["attributed"].items()},
        classes=tuple(tuple(row) for row in said["classes"]),
    )
