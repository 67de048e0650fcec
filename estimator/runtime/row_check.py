"""Do a row's activations depend on that row alone? A network of neurons has no other meaning."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.errors import Place, UnsupportedModel

Floats = NDArray[np.float64]
Run = Callable[[dict[str, Any]], list[NDArray[Any]]]

ROWS = 64
BLOCK = 7
# How far sums of other block sizes may differ, relative to the layer's largest value: float32 has 1e-7.
TOLERANCE = 1e-3


def check_rows_stand_alone(
    run: Run, layers: list[dict[str, Any]], feeds: dict[str, Any], first: list[Floats]
) -> None:
    """Run the first rows again in other company: in another order, in blocks of BLOCK, and one by itself.

    first: (block, size) of each layer, the first block as it was run. Raises UnsupportedModel where the
    values differ. Noise of a fixed seed repeats itself in equal blocks; it is found in other ones.
    """
    block = len(first[0])
    order = np.random.default_rng(0).permutation(min(ROWS, block))
    parts = [order[i : i + BLOCK] for i in range(0, len(order) - 1, BLOCK)]
    for part in [*parts, order[-1:]]:
        again = run({name: array[part] for name, array in feeds.items()})
        for layer, before, now in zip(layers, first, again, strict=True):
            worst = float(np.abs(before[part] - now).max())
            if not worst <= TOLERANCE * float(np.abs(before).max()):
                whole = run({name: array[:block] for name, array in feeds.items()})
                repeats = all(np.array_equal(a, b) for a, b in zip(first, whole, strict=True))
                raise _refused(layer, worst, repeats)


def _refused(layer: dict[str, Any], worst: float, repeats: bool) -> UnsupportedModel:
    why = "the output of a row depends on other rows" if repeats else "the model is not deterministic"
    detail = (
        f"{why}: layer {layer['name']!r} changes by {worst:.3g} when its rows are run in other blocks; "
        "export the model for inference, without batch statistics and random operators"
    )
    return UnsupportedModel(detail, errors=[Place(detail, tensor=layer["tensor"])])
