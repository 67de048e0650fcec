"""Runs a model without some of its neurons, in one child for all the sets that are cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from estimator.activations import activations, write_input
from estimator.errors import LimitExceeded, ModelCrashed, Place
from estimator.model.inputs import batch_size, input_slices
from estimator.model.plan import ModelPlan, PlannedLayer
from estimator.model.unfold import unfold
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits
from estimator.runtime.private_folder import private_folder, taken_beforehand
from estimator.runtime.process import Task, run_child
from estimator.runtime.subgraph import keep_only
from estimator.scoring.metrics import Floats
from estimator.scoring.truth import Truth

MOST_RUNS = 100_000
MOST_CUT = 2**27
Cut = Mapping[int, NDArray[np.int64]]  # layer of the plan -> positions in it


@dataclass(frozen=True)
class MaskedRuns:
    """scores: (runs,) of the truth's metric. outputs: (n, k) of each run that was kept, by its number."""

    scores: Floats
    outputs: Mapping[int, Floats]


def model_outputs(
    model: bytes, plan: ModelPlan, inputs: Floats, limits: RunLimits | None, progress: Progress
) -> Floats:
    """(n, k) of the output layer, by the model as it is."""
    ends = [replace(plan.layers[0], index=0), replace(_output(plan), index=1)]
    ends_only = replace(plan, layers=tuple(ends), links=((0, 1),))
    return activations(model, ends_only, inputs, limits=limits, progress=progress)[1]


def run_masked(
    model: bytes,
    plan: ModelPlan,
    inputs: Floats,
    cuts: Sequence[Cut],
    truth: Truth,
    *,
    keep: Sequence[int],
    fills: Mapping[int, Floats] | None = None,
    limits: RunLimits | None = None,
    progress: Progress = silent,
) -> MaskedRuns:
    """One run a cut: the model with these neurons at 0, or at their layer's value in `fills` (size,).

    inputs: (n, width). keep: numbers of the runs whose outputs are wanted. Raises UnsupportedModel for a
    layer that holds integers, NotFinite, and what `activations` raises.
    """
    if not cuts:
        return MaskedRuns(np.zeros(0), {})
    limits, fills = limits or RunLimits(), fills or {}
    output, rows = _output(plan), len(inputs)
    touched = sorted({layer for cut in cuts for layer in cut})
    kept = {run: number * rows * output.size for number, run in enumerate(sorted(set(keep)))}
    places, offsets = _joined(plan, touched, cuts)
    with private_folder(limits.folder) as folder:
        stored = 8 * max(1, len(kept) * rows * output.size)
        taken_beforehand(folder / "outputs.f8", stored)
        taken_beforehand(folder / "scores.f8", 8 * len(cuts))
        store = np.memmap(folder / "outputs.f8", dtype=np.float64, mode="r")
        scores = np.memmap(folder / "scores.f8", dtype=np.float64, mode="r")
        np.save(folder / "places.npy", places, allow_pickle=False)
        np.save(folder / "offsets.npy", offsets, allow_pickle=False)
        whole = unfold(onnx.ModelProto.FromString(model))
        (folder / "model.onnx").write_bytes(keep_only(whole, [output.tensor]).SerializeToString())
        slices = input_slices(plan)
        for number, part in enumerate(slices):
            write_input(part, inputs, folder / f"input_{number}.npy")
        labels = truth.values if truth.codes is None else truth.codes
        np.save(folder / "labels.npy", np.asarray(labels), allow_pickle=False)
        task = Task(
            "ablation",
            {
                "rows": rows,
                "batch": batch_size(plan),
                "threads": limits.threads,
                "inputs": [{"name": s.name, "file": f"input_{i}.npy"} for i, s in enumerate(slices)],
                "output": layer_arguments(output),
                "layers": [
                    layer_arguments(plan.layers[layer])
                    | {"fill": fills[layer].tolist() if layer in fills else None}
                    for layer in touched
                ],
                "truth": {
                    "column": truth.column,
                    "metric": truth.metric,
                    "classes": list(truth.classes),
                    "output": truth.output,
                },
                "kept_at": {str(run): at for run, at in kept.items()},
            },
            mapped_bytes=sum(rows * prod(s.row_shape) * s.dtype.itemsize for s in slices),
            file_bytes=stored,
        )

        done = 0

        def tick(message: dict[str, Any] | None) -> None:
            nonlocal done
            if message is not None and isinstance(message.get("done"), int):
                done = max(done, min(len(cuts), message["done"]))
            progress("cutting", done, len(cuts))

        tick(None)
        run_child(task, folder, limits, tick)
        if done < len(cuts):
            raise ModelCrashed("the child process left out a run of the model; nothing was measured")
        outputs = {
            run: np.array(store[at : at + rows * output.size]).reshape(rows, output.size)
            for run, at in kept.items()
        }
        return MaskedRuns(np.array(scores), outputs)


def _joined(
    plan: ModelPlan, layers: Sequence[int], cuts: Sequence[Cut]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of all cuts one after the other, neurons numbered through the layers; where each begins.

    Raises LimitExceeded for too many.
    """
    first = dict(zip(layers, np.cumsum([0, *(plan.layers[i].size for i in layers)]), strict=False))
    sizes = [sum(map(len, cut.values())) for cut in cuts]
    for what, seen, most in (("runs", len(cuts), MOST_RUNS), ("neurons of all runs", sum(sizes), MOST_CUT)):
        if seen > most:
            detail = f"{what} to measure: {seen:,}; the limit is {most:,}: ask for fewer draws or points"
            raise LimitExceeded(detail, errors=[Place(detail, field="draws")])
    parts = [first[layer] + places for cut in cuts for layer, places in cut.items()]
    joined = np.concatenate([np.zeros(0, np.int64), *parts])
    return joined, np.cumsum([0, *sizes], dtype=np.int64)


def layer_arguments(layer: PlannedLayer) -> dict[str, Any]:
    """A layer as a task of the child has it."""
    return {
        "name": layer.name,
        "tensor": layer.tensor,
        "size": layer.size,
        "neuron_axis": layer.neuron_axis,
        "row_axis": layer.row_axis,
        "head_axis": layer.head_axis,
        "neurons": layer.neurons,
    }


def _output(plan: ModelPlan) -> PlannedLayer:
    return next(layer for layer in plan.layers if layer.kind == "output")
