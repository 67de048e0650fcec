"""Fields that take exactly what they say: marshmallow's own take "on" for true and "1_0.5" for a number.

Those for JSON see the types that JSON has. Those for a query see text, read by one published grammar.
"""

import math
import re
from typing import Any

import marshmallow as ma

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_QUERY_CHARACTERS = 40


class Integer(ma.fields.Integer):
    """A JSON integer; 3.0, "3" and true are refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ma.ValidationError("must be an integer")
        return value


class Number(ma.fields.Float):
    """A finite JSON number; text and booleans are refused."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ma.ValidationError("must be a number")
        return _finite(value)


class Boolean(ma.fields.Boolean):
    """true or false, nothing that looks like it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ma.ValidationError("must be true or false")
        return value


class QueryInteger(Integer):
    """Text of the form -?(0|[1-9][0-9]*) in ASCII digits."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if len(value) > _QUERY_CHARACTERS or not _INTEGER.match(value):
            raise ma.ValidationError("must be an integer such as 10")
        return int(value)


class QueryNumber(Number):
    """Text of a finite decimal number such as 0.25 or 1e-3."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if len(value) > _QUERY_CHARACTERS or not _NUMBER.match(value):
            raise ma.ValidationError("must be a number such as 0.25 or 1e-3")
        return _finite(float(value))


class QueryBoolean(Boolean):
    """`true` or `false`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise ma.ValidationError("must be true or false")
        return bool(value == "true")


class Real(ma.fields.Float):
    """A number of an answer; null where it is not defined, as JSON has no NaN."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", True)
        super().__init__(**kwargs)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> float | None:
        return None if value is None or not math.isfinite(value) else float(value)


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ma.ValidationError("must be a number below 1.8e308")
    return number


def shown(value: Any) -> str:
    """A value as errors show it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
