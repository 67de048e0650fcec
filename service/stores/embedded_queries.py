"""Neurons, edges and probes of a stored network, asked in SQL.

nif at any beta: max(0, mi - beta * redundancy of the source), and 0 where q exceeds alpha (DESIGN 1.3).
A listing finds the keys of a page first; only then are these rows' columns read.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from estimator.graph.flow import parse_neuron_id, unknown_neuron
from service.stores.listing import Conditions, Listing, split_after
from service.stores.protocol import (
    EdgeFilter,
    EdgeRow,
    NeuronFilter,
    NeuronRow,
    Page,
    ProbeRow,
    Slice,
    given_target,
)

_NIF = "(CASE WHEN e.q_value <= :alpha THEN max(0.0, e.mi - :beta * s.redundancy) ELSE 0.0 END)"
_FLOW = "e.q_value <= :alpha AND e.mi > :beta * s.redundancy"
_NO_FLOW = "(e.q_value IS NULL OR e.q_value > :alpha OR e.mi <= :beta * s.redundancy)"
_EDGES = Listing(
    # the neurons are the outer loop, so that the redundancy is looked up once a neuron, not once an edge
    tables="neurons s CROSS JOIN edges e ON e.network = s.network AND e.source = s.neuron",
    key=("s.neuron", "e.consumer"),
    sorts={"nif": _NIF} | {n: f"e.{n}" for n in ("mi", "se", "ci_low", "ci_high", "p_value", "q_value")},
)
_EDGE = f"""
    SELECT s.layer || ':' || s.position, s.name, c.layer || ':' || c.position, c.name, e.mi, {_NIF}, e.se,
        e.ci_low, e.ci_high, e.p_value, e.q_value, e.saturated, e.lower_bound, e.method
    FROM edges e JOIN neurons s ON s.network = e.network AND s.neuron = e.source
        JOIN neurons c ON c.network = e.network AND c.neuron = e.consumer
    WHERE e.network = :network AND e.source = :source AND e.consumer = :consumer"""  # noqa: S608
_NEURON_COLUMNS = ("name", "mean", "sd", "zeros", "redundancy", "silent")
_FACT_COLUMNS = ("betweenness", "betweenness_weighted", "community", "out_flow", "in_flow")
_NEURON = """
    SELECT n.layer || ':' || n.position, n.layer, n.layer_name, n.position, n.name, n.mean, n.sd, n.zeros,
        n.redundancy, f.betweenness, f.betweenness_weighted, f.community, n.silent, f.out_flow, f.in_flow
    FROM {tables} WHERE n.network = :network AND n.neuron = :neuron"""
_PROBES = """
    SELECT p.name, n.layer || ':' || n.position, n.name, n.layer, p.mi, p.se, p.ci_low, p.ci_high, p.p_value,
        p.q_value, p.saturated, p.lower_bound, p.given_mi, p.given_se, p.given_ci_low, p.given_ci_high,
        p.given_p_value, p.given_q_value, p.given_saturated, p.given_lower_bound
    FROM probes p JOIN neurons n ON n.network = p.network AND n.neuron = p.neuron
    WHERE p.network = :network AND (:probe IS NULL OR p.name = :probe) ORDER BY p.probe, p.neuron"""


@dataclass(frozen=True)
class Stored:
    """A network in the database, and the beta it is read with."""

    number: int
    own_beta: float
    beta: float
    alpha: float


def neurons(db: sqlite3.Connection, stored: Stored, where: NeuronFilter, page: Slice, facts: str) -> Page:
    """facts: the table with betweenness, communities and flows at the beta that is asked with."""
    listing = Listing(
        tables=f"neurons n JOIN {facts} f ON f.network = n.network AND f.neuron = n.neuron",
        key=("n.neuron",),
        sorts={c: f"n.{c}" for c in _NEURON_COLUMNS} | {c: f"f.{c}" for c in _FACT_COLUMNS},
    )
    conditions = Conditions(["n.network = :network"], {"network": stored.number})
    conditions.add("n.layer = {}", where.layer)
    conditions.add("f.community = {}", where.community)
    if where.silent in ("any", "none"):
        conditions.parts.append("n.silent IS NOT NULL" if where.silent == "any" else "n.silent IS NULL")
    else:
        conditions.add("n.silent = {}", where.silent)
    found = listing.page(db, conditions, page, _numbers(db, stored, page, 1))
    statement = _NEURON.format(tables=listing.tables)
    rows = tuple(
        NeuronRow(*db.execute(statement, {"network": stored.number, "neuron": neuron}).fetchone())
        for _, neuron in found.rows
    )
    last = _last(page, found.rows[-1][0], rows[-1].id) if found.more and rows else None
    return Page(rows, last, found.total)


def edges(db: sqlite3.Connection, stored: Stored, where: EdgeFilter, page: Slice) -> Page:
    values = {"network": stored.number, "beta": stored.beta, "alpha": stored.alpha}
    conditions = Conditions(["s.network = :network"], values.copy())
    conditions.add("s.layer = {}", where.layer)
    if where.source is not None:
        conditions.add("s.neuron = {}", number_of(db, stored, where.source, "source"))
    if where.consumer is not None:
        conditions.add("e.consumer = {}", number_of(db, stored, where.consumer, "consumer"))
    conditions.add(f"{_NIF} >= {{}}", where.min_nif)
    conditions.add("e.mi >= {}", where.min_mi)
    conditions.add("e.q_value <= {}", where.max_q)
    conditions.add("e.saturated = {}", where.saturated)
    if where.flow is not None:
        conditions.parts.append(_FLOW if where.flow else _NO_FLOW)
    found = _EDGES.page(db, conditions, page, _numbers(db, stored, page, 2))
    rows = tuple(_edge(db, values | {"source": s, "consumer": c}) for _, s, c in found.rows)
    last = _last(page, found.rows[-1][0], rows[-1].source, rows[-1].consumer) if found.more and rows else None
    return Page(rows, last, found.total)


def probes(db: sqlite3.Connection, stored: Stored, probe: str | None) -> list[ProbeRow]:
    """In the order of the probes, then of the neurons."""
    rows = db.execute(_PROBES, {"network": stored.number, "probe": probe})
    return [ProbeRow(*(*row[:10], bool(row[10]), bool(row[11]), given_target(row[12:]))) for row in rows]


def number_of(db: sqlite3.Connection, stored: Stored, neuron: str, field: str) -> int:
    """The number of a neuron. Raises InvalidParameter, naming the field, if the network has none such."""
    layer, position = parse_neuron_id(neuron) or (-1, -1)
    row = db.execute(
        "SELECT neuron FROM neurons WHERE network = ? AND layer = ? AND position = ?",
        (stored.number, layer, position),
    ).fetchone()
    if row is None:
        raise unknown_neuron(neuron, field)
    return int(row[0])


def _edge(db: sqlite3.Connection, values: dict[str, Any]) -> EdgeRow:
    row = db.execute(_EDGE, values).fetchone()
    return EdgeRow(*(*row[:11], bool(row[11]), bool(row[12]), row[13]))


def _numbers(db: sqlite3.Connection, stored: Stored, page: Slice, ids: int) -> list[int] | None:
    """The key of the row that the page comes after."""
    names = split_after(page, ids)
    return None if names is None else [number_of(db, stored, name, "after") for name in names]


def _last(page: Slice, value: object, *ids: str) -> tuple[object, ...]:
    return ids if page.sort.removeprefix("-") == "id" else (value, *ids)
