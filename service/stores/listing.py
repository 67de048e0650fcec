"""A sorted, filtered listing of the embedded store as SQL: conditions, keyset pages, the total.

Everything that becomes SQL text is a constant of this package; what a caller gives is bound as parameters.
"""

import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from estimator.errors import InvalidParameter
from estimator.options import refuse
from service.stores.protocol import Slice


@dataclass
class Conditions:
    """Conditions that all hold, and the values they are bound to."""

    parts: list[str]
    values: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any) -> str:
        """The placeholder for a value; an integer beyond SQLite's is beyond all that is stored, too."""
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            value = math.inf if value > 0 else -math.inf
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def add(self, template: str, value: Any) -> None:
        """`template` with `{}` for the value; nothing if the value is None."""
        if value is not None:
            self.parts.append(template.format(self.bind(value)))

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts)


@dataclass(frozen=True)
class Found:
    """rows: of a page, each the value sorted by and the key. more: others follow. total: on all pages."""

    rows: list[tuple[Any, ...]]
    more: bool
    total: int


@dataclass(frozen=True)
class Listing:
    """tables: what to select from. key: the columns that identify a row, in the order of ids.

    sorts: an expression for each sort but `id`.
    """

    tables: str
    key: tuple[str, ...]
    sorts: Mapping[str, str]

    def page(
        self, db: sqlite3.Connection, where: Conditions, page: Slice, after: Sequence[int] | None
    ) -> Found:
        """The keys of a page. after: the key of the row in `page.after`, as numbers.

        Raises InvalidParameter for an unknown sort or a limit below 0.
        """
        name, way = page.sort.removeprefix("-"), "DESC" if page.sort.startswith("-") else "ASC"
        if name != "id" and name not in self.sorts:
            raise refuse("sort", page.sort[:100], f"one of id, {', '.join(self.sorts)}, with or without -")
        if page.limit is not None and not 0 <= page.limit < 2**31:
            raise refuse("limit", page.limit, "0 or more")
        source = f"FROM {self.tables} WHERE {where.sql}"
        (total,) = db.execute(f"SELECT count(*) {source}", where.values).fetchone()
        if after is not None:
            source += f" AND {self._beyond(where, name, way, page, after)}"
        value = self.sorts.get(name, "NULL")
        if name == "id":
            order = ", ".join(f"{column} {way}" for column in self.key)
        else:
            order = f"{value} {way} NULLS LAST, {', '.join(self.key)}"
        limit = where.bind(-1 if page.limit is None else page.limit + 1)
        rows = db.execute(
            f"SELECT {value}, {', '.join(self.key)} {source} ORDER BY {order} LIMIT {limit}",
            where.values,
        ).fetchall()
        more = page.limit is not None and len(rows) > page.limit
        return Found(rows[: page.limit], more, total)

    def _beyond(self, where: Conditions, name: str, way: str, page: Slice, after: Sequence[int]) -> str:
        """The condition that a row comes after that one."""
        places = [where.bind(number) for number in after]
        further = f"({', '.join(self.key)}) > ({', '.join(places)})"
        if name == "id" and way == "DESC":
            return f"({self.key[0]} <= {places[0]} AND {further.replace('>', '<')})"
        if name == "id":
            return f"({self.key[0]} >= {places[0]} AND {further})"  # the first part is what an index sees
        value = self.sorts[name]
        last = page.after[0] if page.after else None
        if last is None:
            return f"({value} IS NULL AND {further})"
        bound, than = where.bind(last), "<" if way == "DESC" else ">"
        return f"({value} {than} {bound} OR ({value} = {bound} AND {further}) OR {value} IS NULL)"


def split_after(page: Slice, ids: int) -> tuple[str, ...] | None:
    """The ids in `page.after`, `ids` of them behind the value sorted by. Raises InvalidParameter."""
    if page.after is None:
        return None
    values = 0 if page.sort.removeprefix("-") == "id" else 1
    names = page.after[values:]
    scalar = all(value is None or type(value) in (int, float, str) for value in page.after[:values])
    if len(page.after) != values + ids or not scalar or not all(isinstance(name, str) for name in names):
        raise _wrong_after(page)
    return tuple(names)


def _wrong_after(page: Slice) -> InvalidParameter:
    return refuse("after", str(page.after)[:100], f"what a page sorted by {page.sort[:100]} gave as its last")
