"""The schema of a study's options, made from their dataclass, so that API and code have one list of them.

Types, defaults and choices are those of the fields; ranges, and what fits with what, the dataclass checks
itself. A field's description is its paragraph `name: ...` in the docstring.
"""

import re
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from service.api.fields import Boolean, Integer, Number
from service.api.schemas import Input
from service.errors import fields_under

_PARAGRAPH = re.compile(r"(\w+(?:, \w+)*): (.+)\Z", re.DOTALL)
_TEXT = Length(1, 20_000)
MOST_ITEMS = 100_000
_PLAIN: dict[Any, Any] = {bool: Boolean, int: Integer, float: Number}


def options_schema(options: Any, name: str) -> type[ma.Schema]:
    """The schema for a frozen dataclass with `from_dict` and `as_dict`; loads its plain values, checked."""
    hints, told = get_type_hints(options), descriptions(options.__doc__ or "")
    made: dict[str, Any] = {f.name: _field(hints[f.name], f, told.get(f.name)) for f in fields(options)}

    def make(self: ma.Schema, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        with fields_under("options"):
            return options.from_dict(data).as_dict()  # type: ignore[no-any-return]

    body = made | {"make": ma.post_load(make), "__doc__": (options.__doc__ or "").partition("\n")[0]}
    return type(name, (Input,), body)


def descriptions(docstring: str) -> dict[str, str]:
    """What a docstring's paragraphs `name: ...` say, by name."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in docstring.splitlines():
        match = _PARAGRAPH.match(line.strip())
        if match:
            names = match.group(1).split(", ")
            found |= dict.fromkeys(names, match.group(2))
        elif line.strip() and names:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
        elif not line.strip():
            names = []
    return found


def _field(hint: Any, field: "Field[Any]", told: str | None) -> ma.fields.Field[Any]:
    metadata: dict[str, Any] = {} if told is None else {"description": told}
    if field.default is not MISSING:
        default = field.default
        metadata["default"] = list(default) if isinstance(default, tuple) else default
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    given: dict[str, Any] = {"metadata": metadata, "allow_none": NoneType in kinds}
    [kind] = [kind for kind in kinds if kind is not NoneType]
    if get_origin(kind) is tuple:
        return ma.fields.List(_one(get_args(kind)[0], {}), validate=Length(0, MOST_ITEMS), **given)
    return _one(kind, given)


def _one(kind: Any, given: dict[str, Any]) -> ma.fields.Field[Any]:
    if get_origin(kind) is Literal:
        return ma.fields.String(validate=OneOf(get_args(kind)), **given)
    if kind in _PLAIN:
        return _PLAIN[kind](**given)  # type: ignore[no-any-return]
    return ma.fields.String(validate=_TEXT, **given)
