"""Which columns of the data go to which input tensor of the model."""

from dataclasses import dataclass
from math import prod

import numpy as np

from estimator.errors import Place, UnsupportedModel
from estimator.model.plan import ModelPlan


@dataclass(frozen=True)
class InputSlice:
    """The columns `start` to `stop` become the tensor `name`, each row of the shape `row_shape`."""

    name: str
    dtype: np.dtype[np.generic]
    row_shape: tuple[int, ...]
    start: int
    stop: int


def input_slices(plan: ModelPlan) -> tuple[InputSlice, ...]:
    """One slice an input tensor, in the model's order, side by side.

    Raises UnsupportedModel for an input without a fixed width or of a type that holds no numbers.
    """
    slices: list[InputSlice] = []
    start = 0
    for given in plan.inputs:
        row_shape = given.shape[1:]
        fixed = tuple(size for size in row_shape if size is not None)
        if len(fixed) != len(row_shape):
            detail = f"input {given.name!r} has the shape {given.shape}; all but the rows must be fixed"
            raise UnsupportedModel(detail, errors=[Place(detail, tensor=given.name)])
        try:
            dtype = np.dtype(given.dtype)
        except TypeError:
            dtype = np.dtype(object)
        if dtype.kind not in "fiub":
            detail = f"input {given.name!r} takes {given.dtype}; inputs must be numbers"
            raise UnsupportedModel(detail, errors=[Place(detail, tensor=given.name)])
        slices.append(InputSlice(given.name, dtype, fixed, start, start + prod(fixed)))
        start += prod(fixed)
    return tuple(slices)


def width(plan: ModelPlan) -> int:
    """How many columns the model takes."""
    return input_slices(plan)[-1].stop


def batch_size(plan: ModelPlan) -> int | None:
    """The number of rows that the model takes at once, where that is fixed.

    Raises UnsupportedModel where the inputs differ in it.
    """
    if any("DynamicQuantizeLinear" in layer.operators for layer in plan.layers):
        return 1  # its scale is that of all values it is given: only alone does a row have one result
    sizes = {given.shape[0] for given in plan.inputs if given.shape and given.shape[0] is not None}
    if len(sizes) > 1:
        raise UnsupportedModel(f"the inputs have different numbers of rows: {sorted(sizes)}")
    return next(iter(sizes), None)
