"""What all schemas share: fields that are unknown are refused, with the name that was probably meant."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import marshmallow as ma
from marshmallow.validate import Range

from estimator.errors import InvalidParameter, NifError, Place
from service.api.fields import Integer, QueryInteger, shown
from service.errors import UnknownField
from service.limits import Limits

_NOTHING = object()
_WORDS = {  # marshmallow's own messages, which are no ends of a sentence
    "Missing data for required field.": "is missing",
    "Field may not be null.": "must not be null",
    "Not a valid string.": "must be text",
    "Not a valid list.": "must be a list",
    "Not a valid mapping type.": "must be an object",
    "Invalid input type.": "must be an object",
}


class UnknownName(str):
    """The message about a field that does not exist; told apart from messages about values."""

    __slots__ = ()


class Input(ma.Schema):
    """A body or a query. Every field that is not listed is refused."""

    class Meta:
        unknown = ma.RAISE

    @ma.pre_load
    def refuse_unknown(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        known = [field.data_key or name for name, field in self.load_fields.items()]
        unknown = [name for name in data if name not in known]
        if unknown:
            raise ma.ValidationError({name: [_unknown(name, known)] for name in unknown})
        return data


class Query(Input):
    """A query; what is left out is None unless it has a default."""

    @ma.post_load
    def fill(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return dict.fromkeys(self.fields) | data


class PageQuery(Query):
    """A page of a listing: at most `limit` rows; `cursor` is the `next` of the page before."""

    limit = QueryInteger(load_default=100, validate=Range(1, Limits.page))
    cursor = ma.fields.String(metadata={"description": "`next` of the page before"})


def page_schema(of: type[ma.Schema], name: str) -> type[ma.Schema]:
    """The schema of a page of `of`."""
    fields = {
        "items": ma.fields.List(ma.fields.Nested(of), required=True),
        "next": ma.fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "Give it as `cursor`; null on the last page"},
        ),
        "total": Integer(required=True, metadata={"description": "Rows that match, on all pages"}),
    }
    return ma.Schema.from_dict(fields, name=name)  # type: ignore[arg-type,unused-ignore]


def load(schema: ma.Schema, data: Any) -> Any:
    """The loaded value; every error of the schema as one NifError."""
    try:
        return schema.load(data)
    except ma.ValidationError as error:
        raise as_error(error.messages, data) from None


def as_error(messages: Any, data: Any) -> NifError:
    """marshmallow's messages on the data as one error, with a place for each."""
    found = list(_messages(messages, ()))
    places = [_place(path, message, data) for path, message in found]
    kind = UnknownField if all(isinstance(m, UnknownName) for _, m in found) else InvalidParameter
    detail = places[0].detail
    if len(places) > 1:
        detail += f" (and {len(places) - 1} more)"
    return kind(detail, errors=places)


def _messages(messages: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            yield from _messages(value, path if key == "_schema" else (*path, key))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield path, message


def _place(path: tuple[Any, ...], message: str, data: Any) -> Place:
    """One sentence with the path, the value seen, and what it must be."""
    field = ".".join(str(step)[:60] for step in path)
    text = _WORDS.get(message, message if isinstance(message, UnknownName) else message.rstrip("."))
    text = text[:1].lower() + text[1:]
    value = _value(data, path)
    if text.startswith("must") and value is not _NOTHING:
        text = f"is {shown(value)}; it {text}"
    return Place(f"{field or 'The body'} {text}", field=field or None)


def _value(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return data


def _unknown(name: object, known: list[str]) -> UnknownName:
    near = get_close_matches(str(name), known, n=1, cutoff=0.6)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else "known: " + ", ".join(sorted(known))
        if known
        else "none is known"
    )
    return UnknownName(f"is not known here; {hint}")
