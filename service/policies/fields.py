"""Fields of a policy: they take exactly the type that is written, and say what they saw."""

import sys
from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from service.report.text import shown

LONGEST_NAME = 10_000
LARGEST = sys.float_info.max
LAYER_GROUPS = ("outputs", "hidden", "inputs", "all")


def seen(value: Any) -> str:
    """A value as messages show it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    if isinstance(value, str):
        return f"the text {shown(value, 40)!r}"
    return shown(repr(value), 40)


class _Exact:
    """A field that must not be empty where it is written."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value is None:
            raise ma.ValidationError("is empty; give a value, or leave the line out")
        return super().deserialize(value, *args, **kwargs)  # type: ignore[misc]


class Text(_Exact, ma.fields.String):
    """Text, not empty; a number or true must be in quotes to be text."""

    def __init__(self, longest: int = LONGEST_NAME, **kwargs: Any) -> None:
        self.longest = longest
        super().__init__(validate=Length(1, longest, error="must have 1 to {max} characters"), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ma.ValidationError(f"is {seen(value)}; it must be text (put it in quotes)")
        return value


class Amount(_Exact, ma.fields.Float):
    """A finite number in a range, both ends allowed; most None: any from `least` on."""

    def __init__(self, least: float, most: float | None, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(validate=Range(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        most = LARGEST if self.most is None else self.most
        if is_number and self.least <= value <= most:
            return float(value)
        bounds = (
            f"of at least {self.least:g}" if self.most is None else f"from {self.least:g} to {self.most:g}"
        )
        raise ma.ValidationError(f"is {seen(value)}; it must be a number {bounds}")


class Count(_Exact, ma.fields.Integer):
    """A whole number in a range."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(strict=True, validate=Range(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        noun = "a whole number " if self.least < self.most else ""
        bounds = f"from {self.least:,} to {self.most:,}" if self.least < self.most else str(self.least)
        raise ma.ValidationError(f"is {seen(value)}; it must be {noun}{bounds}")


class Flag(_Exact, ma.fields.Boolean):
    """true or false."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ma.ValidationError(f"is {seen(value)}; it must be true or false")
        return value


class Choice(_Exact, ma.fields.String):
    """One of some words."""

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        self.choices = choices
        super().__init__(validate=OneOf(choices), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise ma.ValidationError(f"is {seen(value)}; it must be {' or '.join(self.choices)}")
        return value


class Layers(_Exact, ma.fields.Field[str | tuple[str, ...]]):
    """outputs, hidden, inputs, all, or a list of layers' names."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | tuple[str, ...]:
        if isinstance(value, str) and value in LAYER_GROUPS:
            return value
        if not isinstance(value, list):
            groups = ", ".join(LAYER_GROUPS)
            raise ma.ValidationError(
                f"is {seen(value)}; it must be one of {groups}, or a list of layers' names"
            )
        if not value or not all(isinstance(name, str) and name for name in value):
            raise ma.ValidationError("must list at least one layer, each by its name (text)")
        if len(set(value)) != len(value):
            raise ma.ValidationError("names a layer twice")
        return tuple(value)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value
