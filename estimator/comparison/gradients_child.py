"""Inside of the isolated child: captum integrates the gradients of the model brought back to torch."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from estimator.comparison.explained_model import ExplainedModel
from estimator.comparison.integrated_gradients import missed, scale_of
from estimator.errors import MemoryLimit
from estimator.runtime.child import Say

Floats = NDArray[np.float64]
# Points of paths that go through the model at once: captum asks for the gradient of each by itself, and
# time grows with the square of their number. Fewer where a row has many features.
MOST_POINTS = 1024
BATCH_VALUES = 2**21
ROWS = 50  # explained at once
# captum's Gauss-Legendre points are eigenvalues of a matrix of steps by steps, found anew for each output:
# 0.02 s for 64 of them, 12 s for 2,048. Midpoints cost nothing, and are as good where ReLUs bend the path.
MOST_GAUSS_STEPS = 128


def compute_gradients(arguments: dict[str, Any], say: Say) -> None:
    """The task, as `estimator.comparison.integrated_gradients` writes its arguments: values.npy,
    changes.npy and steps.npy."""
    # captum loads matplotlib, which keeps what it knows of fonts in a folder that it may write.
    os.environ |= {"MPLCONFIGDIR": str(Path.cwd()), "MPLBACKEND": "Agg"}
    try:
        _compute(arguments, say)
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        raise MemoryLimit("the gradients of the model ask for more memory than they may have") from error


def _compute(arguments: dict[str, Any], say: Say) -> None:
    import torch

    from estimator.comparison.torch_model import TorchModel, check_same

    torch.set_num_threads(arguments["threads"])
    rows, baseline = np.load("rows.npy"), np.load("baseline.npy")
    ends = np.vstack([baseline, rows])
    proto = onnx.ModelProto.FromString(Path("model.onnx").read_bytes())
    model = TorchModel(proto, arguments["inputs"], arguments["layers"], arguments["batch"])
    outputs = check_same(model, ends, ExplainedModel(arguments)(ends))
    changes = outputs[1:] - outputs[0]
    scale = scale_of(changes)
    values = np.empty((*rows.shape, changes.shape[1]))
    left, steps = np.arange(len(rows)), arguments["steps"]
    while True:
        for some in np.array_split(left, -(-len(left) // ROWS)):
            values[some] = _values(model, rows[some], baseline, steps, changes.shape[1])
        left = left[missed(values[left], changes[left], scale) > arguments["complete"]]
        say({"done": len(rows) - len(left)})
        if not len(left) or 2 * steps > arguments["most_steps"]:
            break
        steps *= 2
    np.save("values.npy", values)
    np.save("changes.npy", changes)
    np.save("steps.npy", np.array([steps], dtype=np.float64))


def _values(model: Any, rows: Floats, baseline: Floats, steps: int, outputs: int) -> Floats:
    """(m, p, k), an output after the other."""
    import torch
    from captum.attr import IntegratedGradients

    explainer = IntegratedGradients(model)
    x, start = torch.from_numpy(rows), torch.from_numpy(baseline[None])
    size = max(len(rows), min(MOST_POINTS, BATCH_VALUES // rows.shape[1]))
    method = "gausslegendre" if steps <= MOST_GAUSS_STEPS else "riemann_middle"
    found = [
        explainer.attribute(x, start, target=output, n_steps=steps, internal_batch_size=size, method=method)
        for output in range(outputs)
    ]
    return np.stack([one.detach().numpy() for one in found], axis=2)
