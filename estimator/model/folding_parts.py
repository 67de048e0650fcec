"""Constants joined of others and picked from them: shapes, as exporters compute them."""

from estimator.model.call import Call
from estimator.model.values import ROWS, Constant


def joined_end_to_end(call: Call, inputs: list[Constant]) -> Constant:
    rank = len(inputs[0].dims)
    call.require(rank > 0 and all(len(c.dims) == rank for c in inputs), "its inputs differ in their axes")
    axis = call.axis(call.attribute("axis", 0), rank)
    dims = list(inputs[0].dims)
    if any(c.dims[axis] is ROWS for c in inputs):
        raise call.unsupported("it joins constants along the rows")
    dims[axis] = sum(c.dims[axis] or 0 for c in inputs)
    known = rank == 1 and all(c.items is not None for c in inputs)
    return Constant(tuple(dims), tuple(i for c in inputs for i in c.items or ()) if known else None)


def picked(call: Call, value: Constant) -> Constant:
    if call.node.op_type == "Gather":
        return _gathered(call, value)
    rank = len(value.dims)
    starts, ends = call.integers("starts", 1) or (), call.integers("ends", 2) or ()
    axes = call.integers("axes", 3) or tuple(range(len(starts)))
    steps = call.integers("steps", 4) or (1,) * len(axes)
    call.require(len(starts) == len(ends) == len(axes) == len(steps), "starts and ends differ in number")
    call.require(0 not in steps, "a step of 0")
    dims, items = list(value.dims), value.items
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = call.axis(axis, rank)
        size, part = dims[axis], slice(start, end, step)
        if size is ROWS:
            raise call.unsupported("it picks from a constant along the rows")
        dims[axis] = len(range(*part.indices(size)))
        items = items[part] if items is not None and rank == 1 else None
    return Constant(tuple(dims), items)


def _gathered(call: Call, value: Constant) -> Constant:
    chosen = call.constant(1)
    axis = call.axis(call.attribute("axis", 0), len(value.dims))
    dims = (*value.dims[:axis], *chosen.dims, *value.dims[axis + 1 :])
    if value.items is None or len(value.dims) != 1:
        return Constant(dims)
    if chosen.items is None or None in chosen.items:
        raise call.unsupported("its indices are computed")
    size = len(value.items)
    call.require(all(-size <= i < size for i in chosen.items if i is not None), "an index beyond the end")
    return Constant(dims, tuple(value.items[i] for i in chosen.items if i is not None))
