"""The child that makes the smaller model, and what it says of it, held against the file that it made."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from estimator.activations import write_input
from estimator.errors import ModelCrashed
from estimator.model.inputs import batch_size, input_slices
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from estimator.progress import Progress
from estimator.runtime.limits import RunLimits
from estimator.runtime.private_folder import private_folder, taken_beforehand
from estimator.runtime.process import Task, run_child
from estimator.scoring.metrics import Floats

STEPS = 5
LATENCY = ("rows", "runs", "seconds_before", "seconds_after", "ratio")
DIFFERENCE = ("largest", "scaled", "tolerance")


@dataclass(frozen=True)
class Made:
    """model: the file; plan: its layers. gone: (tensor, position, value) of the neurons that are out; held,
    kept: (tensor, position, reason). parameters, nodes: before and after. original, fixed: how far its
    outputs are from those of the original and of the one with the neurons fixed. latency: as measured."""

    model: bytes
    plan: ModelPlan
    gone: tuple[tuple[str, int, float], ...]
    held: tuple[tuple[str, int, str], ...]
    kept: tuple[tuple[str, int, str], ...]
    parameters: tuple[int, int]
    nodes: tuple[int, int]
    checked: bool
    original: dict[str, float]
    fixed: dict[str, float]
    latency: dict[str, float]


def made_in_child(
    model: bytes,
    plan: ModelPlan,
    inputs: Floats,
    cut: dict[str, dict[str, list[int]]],
    limits: RunLimits | None,
    progress: Progress,
) -> Made:
    """cut: {tensor of a layer: positions of the `constant` neurons to cut, and of others, cut at `zero`}.

    Raises UnsupportedModel, ModelCrashed, TimeLimit, MemoryLimit, StorageLimit.
    """
    limits, slices = limits or RunLimits(), input_slices(plan)
    most = {
        "pruned.onnx": 2 * len(model) + 2**20,
        "report.json": 2**20 + 2**10 * sum(len(places) for c in cut.values() for places in c.values()),
    }
    with private_folder(limits.folder) as folder:
        for name, size in most.items():
            taken_beforehand(folder / name, size)
        (folder / "model.onnx").write_bytes(model)
        for number, part in enumerate(slices):
            write_input(part, inputs, folder / f"input_{number}.npy")
        task = Task(
            "pruning",
            {
                "rows": len(inputs),
                "batch": batch_size(plan),
                "inputs": [{"name": s.name, "file": f"input_{i}.npy"} for i, s in enumerate(slices)],
                "cut": cut,
            },
            mapped_bytes=sum(len(inputs) * prod(s.row_shape) * s.dtype.itemsize for s in slices),
            file_bytes=max(most.values()),
        )
        done = 0

        def tick(message: dict[str, Any] | None) -> None:
            nonlocal done
            if message is not None and isinstance(message.get("done"), int):
                done = max(done, min(STEPS, message["done"]))
            progress("cutting", done, STEPS)

        tick(None)
        run_child(task, folder, limits, tick)
        if done < STEPS:
            raise ModelCrashed("the child process ended before the smaller model was verified")
        return read_made(folder, plan)


def read_made(folder: Path, before: ModelPlan) -> Made:
    """What the child left. Raises ModelCrashed where it is not what it says."""
    try:
        report = json.loads((folder / "report.json").read_bytes())
        data = (folder / "pruned.onnx").read_bytes()
        made = Made(
            model=data,
            plan=read_model(data),
            gone=tuple((str(t), int(i), float(value)) for t, i, value in report["gone"]),
            held=tuple((str(t), int(i), str(why)) for t, i, why in report["held"]),
            kept=tuple((str(t), int(i), str(why)) for t, i, why in report["kept"]),
            parameters=(int(report["parameters"][0]), int(report["parameters"][1])),
            nodes=(int(report["nodes"][0]), int(report["nodes"][1])),
            checked=report["checked"] is True,
            original={name: float(report["original"][name]) for name in DIFFERENCE},
            fixed={name: float(report["fixed"][name]) for name in DIFFERENCE},
            latency={name: report["latency"][name] for name in LATENCY},
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ModelCrashed(
            "the child process left no sound report; the smaller model is not given"
        ) from error
    lost = [tensor for tensor, _, _ in made.gone]
    found = {layer.tensor: layer.size for layer in made.plan.layers}
    wanted = {layer.tensor: layer.size - lost.count(layer.tensor) for layer in before.layers}
    if any(found.get(tensor) != wanted.get(tensor) for tensor in lost):
        raise ModelCrashed("the smaller model's layers are not what the child process says; it is not given")
    return made
