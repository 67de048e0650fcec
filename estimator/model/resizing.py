"""Rules of operators that change how many positions there are: Pad, Resize, Upsample."""

from estimator.model.call import OTHER_ROWS, Call, Result, written
from estimator.model.plumbing import elements_of, moved
from estimator.model.values import FREE, Constant, Shape, counts_rows

MOST_POSITIONS = 2**24


def pad(call: Call) -> Result:
    """Pad: more positions, or neurons that are constant; never rows."""
    signal = call.signal()
    rank = len(signal.shape)
    pads = call.integers("pads", 1) or ()
    axes = call.integers("axes", 3) or tuple(range(rank))
    call.require(len(pads) == 2 * len(axes), f"{len(pads)} pads for {len(axes)} axes")
    shape = list(signal.shape)
    for position, axis in enumerate(axes):
        axis = call.axis(axis, rank)
        more, size = pads[position] + pads[position + len(axes)], shape[axis]
        if more == 0:
            continue
        if size is None or counts_rows(size):
            raise call.unsupported(f"it pads the rows: {OTHER_ROWS}")
        call.require(size == FREE or 0 < size + more <= MOST_POSITIONS, f"pads {list(pads)}")
        shape[axis] = FREE if size == FREE else size + more
    if shape[signal.axis] != signal.shape[signal.axis]:
        return Result("mix", (call.fresh(tuple(shape), signal.axis),))
    return moved(call, signal, tuple(shape), signal.axis)


def resize(call: Call) -> Result:
    """Resize, Upsample: more or fewer positions by constant sizes or scales; the channels stay."""
    signal = call.signal()
    rank = len(signal.shape)
    if signal.rows != 0 or rank < 3:
        raise call.unsupported(f"it resizes {written(signal.shape)}: {OTHER_ROWS}")
    old = call.node.op_type == "Upsample" or len(call.inputs) == 2
    scales, sizes = _constant(call, 1 if old else 2), None if old else _constant(call, 3)
    axes = call.attribute("axes") or list(range(rank))
    given = sizes or scales
    if given is None or given.items is None:
        raise call.unsupported("its sizes are computed, or its scales are no whole numbers")
    call.require(len(given.items) == len(axes), f"{len(given.items)} sizes for {len(axes)} axes")
    shape: list[int | None] = list(signal.shape)
    for axis, item in zip(axes, given.items, strict=True):
        axis = call.axis(axis, rank)
        size = shape[axis]
        if counts_rows(size) or axis == signal.axis:
            same = item == 1 if sizes is None else item in (None, size, call.batch)
            if not same:
                raise call.unsupported("it changes the number of rows or channels")
            continue
        if size is None or item is None:
            raise call.unsupported(f"it makes positions of rows: {OTHER_ROWS}")
        shape[axis] = FREE if size == FREE and sizes is None else item if sizes else size * item
    made: Shape = tuple(shape)
    call.require(elements_of(made) <= MOST_POSITIONS, f"{elements_of(made):,} elements a row")
    return moved(call, signal, made, signal.axis)


def _constant(call: Call, position: int) -> Constant | None:
    found = call.optional(position)
    if found is not None and not isinstance(found, Constant):
        raise call.unsupported("its sizes are computed from the data")
    return found if isinstance(found, Constant) and found.dims != (0,) else None
