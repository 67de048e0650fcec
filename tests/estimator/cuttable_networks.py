"""Networks as torch exports them, small, for tests that cut neurons; and the same cuts made another way."""

import io
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from estimator.model.plan import ModelPlan
from tests.models.running import Arrays, values

Cut = Mapping[str, Sequence[int]]  # name of a layer -> positions


def _mlp(torch: Any) -> tuple[Any, Any]:
    nn = torch.nn
    layers = [nn.Linear(6, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 8, bias=False), nn.Tanh()]
    layers += [nn.Dropout(0.2), nn.Linear(8, 7), nn.LeakyReLU(), nn.Linear(7, 3), nn.Softmax(dim=1)]
    return nn.Sequential(*layers), (6,)


def _convolutional(torch: Any) -> tuple[Any, Any]:
    nn = torch.nn
    layers = [nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Conv2d(6, 5, 3), nn.ReLU(), nn.Conv2d(5, 5, 1, groups=5), nn.Hardswish(), nn.Flatten()]
    layers += [nn.Linear(5 * 2 * 2, 7), nn.ReLU(), nn.Linear(7, 3)]
    return nn.Sequential(*layers), (2, 8, 8)


def _residual(torch: Any) -> tuple[Any, Any]:
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, taken: int, made: int) -> None:
            super().__init__()
            self.first, self.norm = nn.Conv2d(taken, made, 3, padding=1), nn.BatchNorm2d(made)
            self.second = nn.Conv2d(made, made, 3, padding=1)
            self.short = nn.Identity() if taken == made else nn.Conv2d(taken, made, 1)

        def forward(self, x: Any) -> Any:
            h = self.second(torch.relu(self.norm(self.first(x))))
            return torch.relu(h + self.short(x))

    pooled = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)]
    return nn.Sequential(Block(2, 4), Block(4, 4), Block(4, 6), *pooled), (2, 6, 6)


def _joined(torch: Any) -> tuple[Any, Any]:
    nn = torch.nn

    class Joined(nn.Module):  # type: ignore[misc, name-defined]
        """Two branches side by side, a gate, and a residual sum of dense layers."""

        def __init__(self) -> None:
            super().__init__()
            self.left, self.right, self.gate = nn.Linear(5, 4), nn.Linear(5, 3), nn.Linear(5, 7)
            self.on, self.head = nn.Linear(7, 7), nn.Linear(7, 2)

        def forward(self, x: Any) -> Any:
            h = torch.cat([torch.relu(self.left(x)), torch.tanh(self.right(x))], dim=1)
            h = h * torch.sigmoid(self.gate(x))
            h = h + nn.functional.gelu(self.on(h))
            return torch.softmax(self.head(h.view(h.size(0), -1)), dim=1)

    return Joined(), (5,)


NETWORKS: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "mlp": _mlp,
    "convolutional": _convolutional,
    "residual": _residual,
    "joined": _joined,
}


@cache
def network(name: str, dynamo: bool = False) -> tuple[bytes, tuple[int, ...]]:
    """The ONNX file with seeded weights and statistics, and the shape of a row."""
    import torch

    torch.manual_seed(3)
    module, shape = NETWORKS[name](torch)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            for values, low in ((part.weight, 0.5), (part.bias, -0.5), (part.running_var, 0.5)):
                values.data.uniform_(low, low + 1)
            part.running_mean.uniform_(-0.5, 0.5)
    example = torch.zeros(2, *shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            rows = torch.export.Dim("rows")
            program = torch.onnx.export(
                module.eval(), (example,), dynamo=True, verbose=False, input_names=["x"],
                dynamic_shapes=({0: rows},),
            )  # fmt: skip
            return program.model_proto.SerializeToString(), shape
        file = io.BytesIO()
        torch.onnx.export(
            module.eval(), (example,), file, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "r"}}
        )
    return file.getvalue(), shape


def rows_of(shape: Sequence[int], rows: int = 40, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(rows, *shape)).astype(np.float32)


def outputs_without(
    model: bytes, plan: ModelPlan, given: Arrays, cut: Cut, fill: Mapping[str, Any] | None = None
) -> NDArray[Any]:
    """The model's output with these neurons at 0, or at `fill` (one value a cut neuron of the layer).

    Each layer's tensor is computed from those before it, changed, and put in for the rest of the graph.
    """
    proto, known = onnx.ModelProto.FromString(model), dict(given)
    for layer in plan.layers[1:]:
        array = values(proto, known, [layer.tensor])[layer.tensor].copy()
        if layer.name in cut:
            places = np.asarray(cut[layer.name])
            values_at = np.asarray((fill or {}).get(layer.name, np.zeros(len(places))))
            for place, value in zip(places, values_at, strict=True):
                at: list[Any] = [slice(None)] * array.ndim
                if layer.head_axis is not None:
                    at[layer.head_axis], place = divmod(int(place), array.shape[layer.neuron_axis])
                at[layer.neuron_axis] = int(place)
                array[tuple(at)] = value
        known[layer.tensor] = array
    return known[plan.layers[-1].tensor]


def pruned(
    folder: Path,
    model: bytes,
    plan: ModelPlan,
    x: NDArray[Any],
    cut: dict[str, dict[str, list[int]]],
    batch: int | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """What the child makes in its folder: the smaller model and the report. cut: by the layers' names."""
    import json

    from estimator.pruning.pruning_child import prune_model

    tensors = {layer.name: layer.tensor for layer in plan.layers}
    (folder / "model.onnx").write_bytes(model)
    np.save(folder / "x.npy", x)
    for name in ("pruned.onnx", "report.json"):
        (folder / name).touch()
    arguments = {
        "rows": len(x), "batch": batch, "inputs": [{"name": plan.inputs[0].name, "file": "x.npy"}],
        "cut": {tensors[name]: {"constant": [], "zero": []} | kinds for name, kinds in cut.items()},
    }  # fmt: skip
    here = Path.cwd()
    os.chdir(folder)
    try:
        prune_model(arguments, lambda message: None)
    finally:
        os.chdir(here)
    return (folder / "pruned.onnx").read_bytes(), json.loads((folder / "report.json").read_bytes())
