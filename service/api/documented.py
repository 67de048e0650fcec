"""Decorators that tell the OpenAPI document what code alone cannot: bodies that are files, and problems."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import marshmallow as ma

from service.api.blueprint import JSON, Blueprint

F = TypeVar("F", bound=Callable[..., Any])
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}

_FILES = {"type": "array", "items": _FILE, "description": "Data files of the model, by their filenames"}


def takes_body(function: F) -> F:
    """Mark an operation that reads its body by itself."""
    function._takes_body = True  # type: ignore[attr-defined]
    return function


def binary_body(*media_types: str, beside: str | None = None) -> Callable[[F], F]:
    """A file as the whole body, or as the part `file`. beside: the part of files that come with it."""
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": _FILE} | ({} if beside is None else {beside: _FILES}),
        "additionalProperties": False,
    }
    content: dict[str, Any] = {
        media_type: {"schema": {"type": "string", "contentMediaType": media_type, "minLength": 1}}
        for media_type in media_types
    }
    return _body(content | {"multipart/form-data": {"schema": form}})


def one_shot_body(as_json: type[ma.Schema], as_parts: type[ma.Schema], beside: str) -> Callable[[F], F]:
    """Ids and options as JSON; or the files themselves, with the JSON objects as further parts."""
    nested = as_parts().fields
    form = {
        "type": "object",
        "required": ["model", "data"],
        "properties": {
            "model": _FILE,
            "data": _FILE,
            beside: _FILES,
            **{
                name: field.schema.__class__
                for name, field in nested.items()
                if isinstance(field, ma.fields.Nested)
            },
        },
        "additionalProperties": False,
    }
    content = {
        JSON: {"schema": as_json},
        "multipart/form-data": {
            "schema": form,
            "encoding": {name: {"contentType": JSON} for name in nested},
        },
    }
    return _body(content, parameters=[_key("analysis")])


def idempotent(function: F) -> F:
    """Tell of the header Idempotency-Key."""
    return _documented(parameters=[_key("study")])(function)


def problems(*statuses: int) -> Callable[[F], F]:
    """The statuses, besides those every operation may answer with, at which a problem is answered."""
    return _documented(responses={status: {"$ref": "#/components/responses/Problem"} for status in statuses})


def also(media_types: dict[str, dict[str, Any]]) -> Callable[[F], F]:
    """What a 200 can be besides JSON."""
    content = {media_type: {"schema": schema} for media_type, schema in media_types.items()}
    return _documented(responses={200: {"description": "OK", "content": content}})


def _key(noun: str) -> dict[str, Any]:
    return {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        "description": f"A repeated request with the same key makes one {noun}",
    }


def _body(content: dict[str, Any], **more: Any) -> Callable[[F], F]:
    documented = _documented(requestBody={"required": True, "content": content}, **more)
    return lambda function: takes_body(documented(function))


def _documented(**doc: Any) -> Callable[[F], F]:
    def decorator(function: F) -> F:
        return Blueprint.doc(**deepcopy(doc))(function)  # type: ignore[no-any-return]

    return decorator
