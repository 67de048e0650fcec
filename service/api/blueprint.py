"""flask-smorest's Blueprint with the house's strict reading of bodies and queries."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import marshmallow as ma
from flask import Request, request
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser

from estimator.errors import InvalidParameter, Place
from service.api.bodies import json_body
from service.api.schemas import as_error

JSON = "application/json"
F = TypeVar("F", bound=Callable[..., Any])


class StrictParser(FlaskParser):
    """Bodies by `strict_json`, queries without repetitions, errors as NifErrors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": None}  # noqa: RUF012 - the schema's own RAISE

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        return json_body()

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        refuse_repeated(req)
        return dict(req.args)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,
        schema: ma.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        messages = error.messages
        location = next(iter(messages)) if isinstance(messages, dict) else ""
        raise as_error(messages[location] if isinstance(messages, dict) else messages, error.data) from None


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """A noun of the API."""

    ARGUMENTS_PARSER = StrictParser()


def refuse_repeated(req: Request) -> None:
    """A query parameter that is given twice has no one value."""
    for name, values in req.args.lists():
        if len(values) > 1:
            shown = name[:60]
            detail = f"{shown} is given {len(values)} times; give it once"
            raise InvalidParameter(detail, errors=[Place(detail, field=shown)])


def produces(*media_types: str) -> Callable[[F], F]:
    """Which media types an operation can answer with; none: it looks at Accept by itself. Default: JSON."""

    def decorator(function: F) -> F:
        function._produces = media_types  # type: ignore[attr-defined]
        return function

    return decorator


def query_text() -> str:
    """The query in one order, without the cursor; what a cursor is bound to."""
    pairs = sorted((name, value) for name, value in request.args.items() if name != "cursor")
    return repr(pairs)
