"""Rule of Einsum: sums over letters, of one tensor or of two."""

from math import prod

from estimator.model.call import OTHER_ROWS, Call, Result, written
from estimator.model.values import FREE, Constant, Shape, Signal, counts_rows

_MOST_ELEMENTS = 2**24  # a row of what it makes


def einsum(call: Call) -> Result:
    """With a constant a linear combination; of two branches their product, as attention has it."""
    terms, made = _terms(call)
    sizes: dict[str, int | None] = {}
    for position, letters in enumerate(terms):
        for letter, size in zip(letters, _shape(call, position, len(letters)), strict=True):
            known = sizes.setdefault(letter, size)
            if FREE in (known, size):
                sizes[letter] = size if known == FREE else known
            else:
                call.require(known == size, f"letter {letter!r} has two sizes")
    call.require(all(letter in sizes for letter in made), f"{made!r} has a letter that no input has")
    for position, letters in enumerate(terms):
        rows = [letter for letter, size in sizes.items() if letter in letters and counts_rows(size)]
        varies = isinstance(call.value(position), Signal)
        if any(letter not in made for letter in rows) or (rows and not varies):
            raise call.unsupported(f"it sums over rows, {written(_shape(call, position, len(letters)))}: "
                                   f"{OTHER_ROWS}")  # fmt: skip
    shape: Shape = tuple(sizes[letter] for letter in made)
    if prod(size for size in shape if size is not None and not counts_rows(size)) > _MOST_ELEMENTS:
        raise call.unsupported(f"it makes a tensor {written(shape)} of a row, which is too large")
    signals = call.signals()
    axis = _neuron_axis(call, terms, made, sizes)
    if len(signals) < 2:
        return Result("mix", (call.fresh(shape, axis),))
    shared = [i for i, letter in enumerate(made) if all(letter in t for t in terms) and i < axis]
    heads = [i for i in shared if not counts_rows(shape[i])]
    return Result(
        "nonlinear", (call.fresh(shape, axis, nonlinear=True, heads=heads[0] if len(heads) == 1 else None),)
    )


def _terms(call: Call) -> tuple[list[str], str]:
    """The letters of each input and of the output."""
    equation = call.attribute("equation", "").replace(" ", "")
    left, arrow, made = equation.partition("->")
    terms = left.split(",")
    letters = "".join([*terms, made])
    if not arrow or not letters.isascii() or not letters.isalpha():
        raise call.unsupported(f"the equation {equation[:80]!r}; write all letters and the arrow out")
    call.require(len(terms) == len(call.inputs), f"{len(terms)} terms for {len(call.inputs)} inputs")
    if len(terms) > 2:
        raise call.unsupported("an Einsum of more than two tensors; export it as several")
    for term in (*terms, made):
        if len(set(term)) != len(term):
            raise call.unsupported(f"the term {term!r} has a letter twice (a diagonal)")
    return terms, made


def _shape(call: Call, position: int, rank: int) -> Shape:
    value = call.value(position)
    shape = value.dims if isinstance(value, Constant) else call.signal(position).shape
    call.require(len(shape) == rank, f"a term of {rank} letters for a tensor {written(shape)}")
    return shape


def _neuron_axis(call: Call, terms: list[str], made: str, sizes: dict[str, int | None]) -> int:
    """The last of the axes that a constant brings; else the last that is not the rows'."""
    varying = [t for i, t in enumerate(terms) if isinstance(call.value(i), Signal)]
    free = [i for i, letter in enumerate(made) if not counts_rows(sizes[letter])]
    if len(varying) == 1:
        new = [i for i in free if made[i] not in varying[0]]
        kept = call.signals()[0]
        own = made.find(varying[0][kept.axis]) if kept.axis < len(varying[0]) else -1
        if new:
            return new[-1]
        if own in free:
            return own
    return free[-1] if free else 0
