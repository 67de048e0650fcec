"""How contract tests ask a store: whole listings, page by page, and what order they expect."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from service.stores.protocol import Page, Slice

ALL = Slice(limit=None)


def key_of(neuron: str) -> tuple[int, int]:
    """An id as (layer, index), by which ids are in order."""
    layer, index = neuron.split(":")
    return int(layer), int(index)


def pages(ask: Callable[[Slice], Page], page: Slice) -> Iterator[Page]:
    """All pages, one after the other, as a reader follows them."""
    while True:
        found = ask(page)
        yield found
        if found.last is None:
            return
        page = replace(page, after=found.last)


def in_order(rows: tuple[Any, ...], sort: str, way: str, ids: dict[Any, Any]) -> list[Any]:
    """Sorted as `Slice` says: by value, what is None last, then by id."""
    by_id = sorted(rows, key=lambda row: ids[row])
    if sort == "id":
        return by_id[::-1] if way == "-" else by_id
    defined = [row for row in by_id if getattr(row, sort) is not None]
    defined.sort(key=lambda row: getattr(row, sort), reverse=way == "-")
    return defined + [row for row in by_id if getattr(row, sort) is None]
