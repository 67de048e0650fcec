"""What queries to a network share: beta, pages, sorting, the problems they may end in."""

from typing import Any

import marshmallow as ma
from marshmallow.validate import OneOf, Range

from service.api.cursors import after_cursor, cursor_for
from service.api.fields import QueryInteger, QueryNumber
from service.api.schemas import Query
from service.limits import Limits
from service.stores.protocol import Page, Slice

LONGEST_NAME = 2000  # characters that a URL has room for; a neuron with a longer name has its id


class BetaQuery(Query):
    """Every beta can be asked for without a new run."""

    beta = QueryNumber(
        validate=Range(0, 1e6),
        metadata={"description": "Weight of the redundancy; by default the analysis's own"},
    )


class ListQuery(BetaQuery):
    """A page of rows at a beta."""

    limit = QueryInteger(load_default=100, validate=Range(1, Limits.page))
    cursor = ma.fields.String(metadata={"description": "`next` of the page before"})


def sort_field(columns: tuple[str, ...]) -> ma.fields.String:
    """`sort`: one of the columns, with `-` in front for the largest first; ties in the order of ids."""
    values = [sign + column for column in columns for sign in ("", "-")]
    return ma.fields.String(
        load_default="id",
        validate=OneOf(values, error="must be one of {choices}"),
        metadata={"default": "id"},
    )


def slice_of(query: dict[str, Any]) -> Slice:
    """Takes sort, cursor and limit out of the query."""
    return Slice(query.pop("sort"), after_cursor(query.pop("cursor")), query.pop("limit"))


def page_of(page: Page) -> dict[str, Any]:
    """A store's page as the answer's."""
    return {"items": page.rows, "next": cursor_for(page.last), "total": page.total}


class OneEnd(ma.fields.String):
    """A neuron by its id (`layer:index`), or by its name where only one neuron has it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("validate", ma.validate.Length(1, LONGEST_NAME))
        super().__init__(**kwargs)
