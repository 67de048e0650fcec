"""Which of the model's outputs is which class of the target.

1. Names: those that the caller gives, or that the model carries (metadata `nif.outputs`, ZipMap). A level of
   the target is the class of the same text, or, where all are numbers, of the same number.
2. No names: whole numbers. As many levels as classes are taken in their order; fewer, 0 among them, as
   codes counted from 0.
3. One output is the probability of the second of two classes.
4. Anything else would be a guess: an error that says what to give.
"""

from collections.abc import Sequence

from estimator.data.names import listed, shown
from estimator.errors import InvalidParameter, Place

HOW_TO_NAME = (
    "name the model's outputs: metadata nif.outputs (docs/models.md), or the option classes, in their order"
)


def class_codes(
    levels: Sequence[str], width: int, names: Sequence[str] | None, column: str, *, numbers: bool
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """(name of each class, code of each level). width: the model's outputs. levels: of the target, sorted.

    numbers: whether every level is a number. Raises InvalidParameter.
    """
    classes = max(width, 2)
    if names is not None and width == 1 and len(names) == 1:
        names = _with_the_other(names[0], levels, column)
    if names is not None:
        return tuple(names), _by_name(levels, names, column)
    if len(levels) > classes:
        raise _refused(
            column, f"has {len(levels)} levels, {listed(levels)}, and the model tells {classes} classes apart"
        )
    whole = [float(level.replace(",", ".")) for level in levels] if numbers else []
    if not numbers or any(value != round(value) for value in whole):
        raise _refused(
            column, f"has the levels {listed(levels)}, and nothing says which output is which: {HOW_TO_NAME}"
        )
    codes = [int(value) for value in whole]
    if len(set(codes)) < len(codes):
        raise _refused(column, f"spells one number in several ways, {listed(levels)}; write each class alike")
    if len(codes) == classes:
        return tuple(levels), tuple(range(classes))
    if min(codes) == 0 and max(codes) < classes:
        return tuple(map(str, range(classes))), tuple(codes)
    raise _refused(
        column,
        f"has the levels {listed(levels)}, and the model {classes} classes without names: {HOW_TO_NAME}",
    )


def _with_the_other(name: str, levels: Sequence[str], column: str) -> tuple[str, str]:
    """One output that is named for a class is that class's probability."""
    if len(levels) != 2 or name not in levels:
        raise _refused(
            column,
            f"has the levels {listed(levels)}, and the model's only output is named {shown(name)}: it must "
            "be one of two; give both classes by the option classes, the one of low outputs first",
        )
    return next(level for level in levels if level != name), name


def _by_name(levels: Sequence[str], names: Sequence[str], column: str) -> tuple[int, ...]:
    place = {name: code for code, name in enumerate(names)}
    if any(level not in place for level in levels):
        by_number = {_number(name): code for name, code in place.items()}
        if None not in by_number and len(by_number) == len(names):
            place |= {level: by_number[_number(level)] for level in levels if _number(level) in by_number}
    strange = [level for level in levels if level not in place]
    if strange:
        are = "which is no class" if len(strange) == 1 else "which are no classes"
        raise _refused(
            column, f"holds {listed(strange)}, {are} of the model; these are {listed(names)}", strange[0]
        )
    codes = tuple(place[level] for level in levels)
    if len(set(codes)) < len(codes):
        raise _refused(column, f"spells one class in several ways, {listed(levels)}; write each class alike")
    return codes


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _refused(column: str, why: str, level: str | None = None) -> InvalidParameter:
    detail = f"the target column {shown(column)} {why}"
    return InvalidParameter(detail, errors=[Place(detail, field="target", column=column)])
