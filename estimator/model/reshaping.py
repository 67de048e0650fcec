"""Rule of Reshape: where rows and neurons are after it."""

import math
from dataclasses import replace

from estimator.model.call import OTHER_ROWS, Call, Result, written
from estimator.model.plumbing import elements_of, moved
from estimator.model.values import FREE, ROW_UNIT, ROWS, Shape, Signal, counts_rows, rows_axes


def reshape(call: Call) -> Result:
    signal = call.signal()
    target = call.constant(1).items
    if target is None:
        raise call.unsupported("its shape is computed from the data")
    wanted: list[int | None] = []
    for position, size in enumerate(target):
        keep = size == 0 and not call.attribute("allowzero", 0)
        call.require(not keep or position < len(signal.shape), f"shape {list(target)} copies a missing axis")
        wanted.append(signal.shape[position] if keep else size)
    call.require(wanted.count(-1) <= 1, f"shape {list(target)} has two unknowns")
    shape = _settled(call, signal, wanted)
    if shape == signal.shape:
        return Result("plumbing", (signal,))
    axis, heads = _neuron_axis(signal, shape), _heads_axis(signal, shape)
    if heads is None:
        return moved(call, signal, shape, axis)
    return Result("plumbing", (replace(signal, shape=shape, axis=axis, layout=call.out(), heads=heads),))


def _heads_axis(signal: Signal, shape: Shape) -> int | None:
    """The axis of the heads, where rows and heads stood in one axis and stand apart after a reshape."""
    if signal.heads != signal.rows or shape[:1] != (ROWS,) or len(shape) < 3:
        return None
    return 1 if shape[1] == elements_of(signal.shape[: signal.rows + 1]) else None


def _neuron_axis(signal: Signal, shape: Shape) -> int:
    """Where the neurons are after a reshape: features stay the last axis, channels the first after rows."""
    axis, rank = signal.axis, len(signal.shape)
    if (rank > 2 or signal.merged) and axis == rank - 1 and len(shape) > 2:
        axis = len(shape) - 1
        while axis > 1 and shape[axis] == 1 != signal.shape[-1]:  # an axis of 1 that is dropped after
            axis -= 1
    elif len(shape) != rank or shape[axis] != signal.shape[axis]:
        axis = 1 if counts_rows(shape[0]) else 0
    axis = min(axis, len(shape) - 1)
    others = [a for a, size in enumerate(shape) if not counts_rows(size)]
    return others[-1] if counts_rows(shape[axis]) and others else axis


def _settled(call: Call, signal: Signal, wanted: list[int | None]) -> Shape:
    """The new shape with rows and unknowns put in; one axis must count the rows."""
    sizes = [ROW_UNIT if size is ROWS else size for size in wanted]
    if call.batch is not None and not any(map(counts_rows, sizes)):
        sizes = _with_fixed_rows(sizes, signal, call.batch)
    known = math.prod(size for size in sizes if size != -1)
    elements = elements_of(signal.shape)
    total = FREE if elements == FREE else elements * ROW_UNIT
    if -1 in sizes:
        call.require(known > 0 and (total == FREE or total % known == 0), _misfit(elements, wanted))
        missing = FREE if total == FREE else total // known
        sizes = [missing if size == -1 else size for size in sizes]
    elif total != FREE and any(map(counts_rows, sizes)):
        call.require(known == total, _misfit(elements, wanted))
    shape = tuple(ROWS if size == ROW_UNIT else size for size in sizes)
    if rows_axes(shape) != 1:
        raise call.unsupported(
            f"it reshapes {written(signal.shape)} to {written(shape)}, which mixes rows: {OTHER_ROWS}"
        )
    before = elements_of(shape[: next(i for i, size in enumerate(shape) if counts_rows(size))])
    if ROWS in shape and not signal.merged and elements_of(signal.shape[: signal.rows]) != before:
        raise call.unsupported(f"it moves rows to {written(shape)}: {OTHER_ROWS}")
    return shape


def _with_fixed_rows(sizes: list[int], signal: Signal, batch: int) -> list[int]:
    """A model of a fixed number of rows says it as a number: which of the sizes is it?

    One that is that number, at best where the rows were; else the one that holds the rows and what stood
    before them.
    """
    order = sorted(range(len(sizes)), key=lambda axis: (axis != signal.rows, axis))
    chosen = next((axis for axis in order if sizes[axis] == batch), None)
    before = elements_of(signal.shape[: signal.rows])
    if chosen is None and -1 not in sizes and before > 0:
        through = 1
        for axis, size in enumerate(sizes):
            through *= size
            if size % batch == 0 and through % (before * batch) == 0:
                chosen = axis
                break
    return [size // batch * ROW_UNIT if axis == chosen else size for axis, size in enumerate(sizes)]


def _misfit(elements: int, wanted: list[int | None]) -> str:
    return f"{elements} elements a row do not fit {written(tuple(wanted))}"
