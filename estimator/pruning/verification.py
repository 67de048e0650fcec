"""Inside of the child: does the smaller model give what it must, and how long does it take?

A difference counts as equal up to TOLERANCE * max(1, |value|), for float16 its own rounding: sums are taken
in another order where addends are left out.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from estimator.errors import UnsupportedModel
from estimator.pruning.running import Arrays, blocks, run, session

TOLERANCE = 1e-5
SECONDS = 2.0  # of timing, in all
MOST_RUNS, LEAST_RUNS = 51, 5


@dataclass
class Difference:
    """largest: of any value in any row. scaled: the same, divided by max(1, |value|). tolerance: for
    `scaled`."""

    largest: float = 0.0
    scaled: float = 0.0
    tolerance: float = TOLERANCE

    @property
    def equal(self) -> bool:
        return self.scaled <= self.tolerance

    def see(self, wanted: NDArray[Any], given: NDArray[Any]) -> None:
        apart = np.abs(wanted.astype(np.float64) - given.astype(np.float64))
        if wanted.shape != given.shape or not np.isfinite(apart).all():
            raise ValueError("the smaller model's outputs are of another shape, or not finite")
        if wanted.dtype.kind == "f":
            self.tolerance = max(self.tolerance, 8 * float(np.finfo(wanted.dtype).eps))
        if apart.size:
            self.largest = max(self.largest, float(apart.max()))
            self.scaled = max(self.scaled, float((apart / np.maximum(1, np.abs(wanted))).max()))


def differences(
    models: list[onnx.ModelProto], tensors: list[str], feeds: Arrays, rows: int, batch: int | None
) -> list[Difference]:
    """Of each model but the last to the last, in these tensors, on all rows."""
    ready = [session(model, tensors) for model in models]
    found = [Difference() for _ in models[:-1]]
    for count, part in blocks(feeds, rows, batch):
        values = [run(one, tensors, part) for one in ready]
        for difference, wanted in zip(found, values, strict=False):
            for a, b in zip(wanted, values[-1], strict=True):
                whole = a.shape[:1] == b.shape[:1] and a.ndim and len(a) >= count
                difference.see(a[:count] if whole else a, b[:count] if whole else b)
    return found


def latency(
    models: tuple[onnx.ModelProto, onnx.ModelProto], tensors: list[str], feeds: Arrays, batch: int | None
) -> dict[str, Any]:
    """Seconds of a run of both on the same rows, in turns, as users run models; medians, and their ratio."""
    rows = len(next(iter(feeds.values())))
    count, part = next(blocks(feeds, rows, batch))
    ready = [session(model, tensors, fast=True) for model in models]
    took: list[list[float]] = [[], []]
    for one in ready:
        run(one, tensors, part)
    began = time.perf_counter()
    while len(took[0]) < LEAST_RUNS or (len(took[0]) < MOST_RUNS and time.perf_counter() - began < SECONDS):
        for one, seconds in zip(ready, took, strict=True):
            start = time.perf_counter()
            run(one, tensors, part)
            seconds.append(time.perf_counter() - start)
    before, after = (float(np.median(seconds)) for seconds in took)
    return {
        "rows": count,
        "runs": len(took[0]),
        "seconds_before": before,
        "seconds_after": after,
        "ratio": after / before,
    }


def passes_checker(original: onnx.ModelProto, made: onnx.ModelProto) -> bool:
    """Whether ONNX's checker, shapes included, finds nothing wrong with the smaller model.

    Where it does, the original must be at fault in itself; else this raises UnsupportedModel.
    """
    try:
        onnx.checker.check_model(made, full_check=True)
        return True
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        try:
            onnx.checker.check_model(original, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
            return False
        raise UnsupportedModel(
            f"ONNX's checker refuses the smaller model, which is not given: {str(error)[:200]}"
        ) from error
