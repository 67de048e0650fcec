"""Sorted keyset pages in Cypher: the order, what comes after a row, the total. All text is constant."""

from dataclasses import dataclass
from typing import Any, LiteralString

from estimator.graph.flow import parse_neuron_id, unknown_neuron
from estimator.options import refuse
from service.stores.listing import split_after
from service.stores.neo4j_connection import Reader
from service.stores.protocol import Slice


@dataclass(frozen=True)
class Stored:
    """A whole network in the database, by its copy's name, and the beta it is read with.

    method: of the edges that name none.
    """

    network: str
    method: str
    own_beta: float
    beta: float
    alpha: float

    @property
    def at_own_beta(self) -> bool:
        return self.beta == self.own_beta


def page_of(
    read: Reader,
    found: LiteralString,
    columns: LiteralString,
    sorting_by: tuple[LiteralString, LiteralString, LiteralString],
    page: Slice,
    bound: dict[str, Any],
) -> tuple[list[tuple[Any, ...]], bool, int]:
    """The rows, each followed by the value sorted by; whether more follow; the total."""
    if page.limit is not None and not 0 <= page.limit < 2**31:
        raise refuse("limit", page.limit, "0 or more")
    value, order, beyond = sorting_by
    total = read.row(f"{found} RETURN count(*)", **bound)
    rows = read.rows(
        f"{found} WITH *, {value} AS sorted_by WITH * WHERE {beyond}"
        f" RETURN {columns}, sorted_by ORDER BY {order} LIMIT $limit",
        **bound,
        limit=2**62 if page.limit is None else page.limit + 1,
    )
    more = page.limit is not None and len(rows) > page.limit
    return (rows[: page.limit] if more else rows), more, int(total[0]) if total else 0


def sorting(
    page: Slice, sorts: dict[str, LiteralString], key: tuple[LiteralString, ...]
) -> tuple[LiteralString, LiteralString, LiteralString]:
    """The value sorted by, the order, and the condition that a row comes after the one in `page.after`."""
    name = page.sort.removeprefix("-")
    descending = page.sort.startswith("-")
    way: LiteralString = "DESC" if descending else "ASC"
    if name == "id":
        order: LiteralString = ", ".join(f"{column} {way}" for column in key)
        return "null", order, _further(key, "<" if descending else ">")
    if name not in sorts:
        raise refuse("sort", page.sort[:100], f"one of id, {', '.join(sorts)}, with or without -")
    further = _further(key, ">")
    if (page.after or (None,))[0] is None:
        beyond: LiteralString = f"sorted_by IS NULL AND {further}"
    else:
        than: LiteralString = "<" if descending else ">"
        beyond = f"sorted_by {than} $last OR sorted_by = $last AND {further} OR sorted_by IS NULL"
    return sorts[name], f"sorted_by IS NULL, sorted_by {way}, {', '.join(key)}", beyond


def _further(key: tuple[LiteralString, ...], than: LiteralString) -> LiteralString:
    """That the key is beyond `$key0, $key1`, compared in that order."""
    if len(key) == 1:
        return f"({key[0]} {than} $key0)"
    return f"({key[0]} {than} $key0 OR {key[0]} = $key0 AND {key[1]} {than} $key1)"


def after_keys(read: Reader, stored: Stored, page: Slice, ids: int) -> dict[str, Any]:
    """The row that the page comes after, bound; nothing for the first page."""
    names = split_after(page, ids)
    if names is None:
        return {}
    keys = {f"key{i}": number_of(read, stored, name, "after") for i, name in enumerate(names)}
    return keys | {"last": page.after[0] if page.after else None}


def last_keys(page: Slice, value: object, *ids: str) -> tuple[object, ...]:
    return ids if page.sort.removeprefix("-") == "id" else (value, *ids)


def number_of(read: Reader, stored: Stored, neuron: str, field: str) -> int:
    """The number of a neuron. Raises InvalidParameter, naming the field, if the network has none such."""
    parsed = parse_neuron_id(neuron)
    found = parsed and read.row(
        "MATCH (:Layer {network: $network, index: $layer})-[:HAS_NEURON]->(n:Neuron {index: $index})"
        " RETURN n.number",
        network=stored.network,
        layer=parsed[0],
        index=parsed[1],
    )
    if not found:
        raise unknown_neuron(neuron, field)
    return int(found[0])
