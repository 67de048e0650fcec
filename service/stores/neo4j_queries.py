"""Neurons, edges and probes of a network in Neo4j, asked in Cypher.

All text is constant; what a caller gives is bound. nif at any beta: max(0, mi - beta * redundancy of the
source), and 0 where q exceeds alpha (DESIGN 1.3); at the network's own beta it is the stored one.
"""

import math
from collections.abc import Mapping
from typing import Any, LiteralString

from service.stores.neo4j_connection import Reader
from service.stores.neo4j_listing import Stored, after_keys, last_keys, number_of, page_of, sorting
from service.stores.neo4j_projection import NIF
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

_NEURON_SORTS: dict[str, LiteralString] = {
    name: f"n.{name}" for name in ("name", "mean", "sd", "zeros", "redundancy", "silent")
} | {name: name for name in ("betweenness", "betweenness_weighted", "community", "out_flow", "in_flow")}
_EDGE_SORTS: dict[str, LiteralString] = {
    "nif": "nif", "mi": "r.mi", "se": "r.se", "ci_low": "r.ci_low", "ci_high": "r.ci_high", "p_value": "r.p",
    "q_value": "r.q",
}  # fmt: skip
_STORED_FACTS: LiteralString = (
    "n.betweenness AS betweenness, n.betweenness_weighted AS betweenness_weighted, n.community AS community,"
    " n.out_flow AS out_flow, n.in_flow AS in_flow"
)
_GIVEN_FACTS: LiteralString = (
    "$facts.betweenness[n.number] AS betweenness,"
    " $facts.betweenness_weighted[n.number] AS betweenness_weighted,"
    " $facts.community[n.number] AS community, $facts.out_flow[n.number] AS out_flow,"
    " $facts.in_flow[n.number] AS in_flow"
)
_STORED_NIF: LiteralString = "r.nif"


def neurons(
    read: Reader, stored: Stored, where: NeuronFilter, page: Slice, facts: Mapping[str, Any] | None
) -> Page:
    """facts: what depends on beta, as `facts_at` gives it; None for what is stored."""
    value, order, beyond = sorting(page, _NEURON_SORTS, ("n.number",))
    after = after_keys(read, stored, page, 1)
    found: LiteralString = f"""
MATCH (n:Neuron {{network: $network}})
WITH n, {_STORED_FACTS if facts is None else _GIVEN_FACTS}
WITH * WHERE ($layer IS NULL OR n.layer = $layer) AND ($community IS NULL OR community = $community)
  AND ($silent IS NULL OR CASE $silent WHEN 'any' THEN n.silent IS NOT NULL
       WHEN 'none' THEN n.silent IS NULL ELSE n.silent = $silent END)"""
    bound = {
        "network": stored.network,
        "layer": _comparable(where.layer),
        "community": _comparable(where.community),
        "silent": where.silent,
        "facts": facts,
    } | after
    rows, more, total = page_of(
        read,
        found,
        "n.id, n.layer, n.layer_name, n.index, n.name, n.mean, n.sd, n.zeros, n.redundancy, betweenness,"
        " betweenness_weighted, community, n.silent, out_flow, in_flow",
        (value, order, beyond if after else "true"),
        page,
        bound,
    )
    made = tuple(NeuronRow(*map(_positive_zero, row[:15])) for row in rows)
    return Page(made, last_keys(page, rows[-1][15], made[-1].id) if more and rows else None, total)


def edges(read: Reader, stored: Stored, where: EdgeFilter, page: Slice) -> Page:
    value, order, beyond = sorting(page, _EDGE_SORTS, ("a.number", "b.number"))
    after = after_keys(read, stored, page, 2)
    ends = {
        field: None if neuron is None else number_of(read, stored, neuron, field)
        for field, neuron in (("source", where.source), ("consumer", where.consumer))
    }
    a, b = _anchor("source", where.source), _anchor("consumer", where.consumer)
    found: LiteralString = f"""
MATCH (a:Neuron {a})-[r:FLOWS_TO]->(b:Neuron {b})
WITH a, b, r, {_STORED_NIF if stored.at_own_beta else NIF} AS nif
WITH * WHERE ($layer IS NULL OR a.layer = $layer) AND ($min_nif IS NULL OR nif >= $min_nif)
  AND ($min_mi IS NULL OR r.mi >= $min_mi) AND ($max_q IS NULL OR r.q <= $max_q)
  AND ($saturated IS NULL OR coalesce(r.saturated, false) = $saturated)
  AND ($flow IS NULL OR (nif > 0) = $flow)"""
    bound = {
        "network": stored.network,
        "beta": stored.beta,
        "alpha": stored.alpha,
        "method": stored.method,
        "layer": _comparable(where.layer),
        "min_nif": _comparable(where.min_nif),
        "min_mi": _comparable(where.min_mi),
        "max_q": _comparable(where.max_q),
        "saturated": where.saturated,
        "flow": where.flow,
    }
    rows, more, total = page_of(
        read,
        found,
        "a.id, a.name, b.id, b.name, r.mi, nif, r.se, r.ci_low, r.ci_high, r.p, r.q,"
        " coalesce(r.saturated, false), coalesce(r.lower_bound, false), coalesce(r.method, $method)",
        (value, order, beyond if after else "true"),
        page,
        bound | ends | after,
    )
    made = tuple(EdgeRow(*map(_positive_zero, row[:14])) for row in rows)
    last = last_keys(page, rows[-1][14], made[-1].source, made[-1].consumer) if more and rows else None
    return Page(made, last, total)


def probes(read: Reader, stored: Stored, probe: str | None) -> list[ProbeRow]:
    """In the order of the probes, then of the neurons."""
    rows = read.rows(
        "MATCH (p:Probe {network: $network})-[r:INFORMS]->(n:Neuron)"
        " WHERE $probe IS NULL OR p.name = $probe"
        " RETURN p.name, n.id, n.name, n.layer, r.mi, r.se, r.ci_low, r.ci_high, r.p, r.q, r.saturated,"
        " r.lower_bound, r.given_mi, r.given_se, r.given_ci_low, r.given_ci_high, r.given_p, r.given_q,"
        " r.given_saturated, r.given_lower_bound ORDER BY p.position, n.number",
        network=stored.network,
        probe=probe,
    )
    plain = [[_positive_zero(value) for value in row] for row in rows]
    return [ProbeRow(*(*row[:12], given_target(row[12:]))) for row in plain]


def _anchor(field: LiteralString, neuron: str | None) -> LiteralString:
    return "{network: $network}" if neuron is None else f"{{network: $network, number: ${field}}}"


def _comparable(value: int | float | None) -> int | float | None:
    """An integer beyond 64 bits is beyond all that is stored, too."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return math.inf if value > 0 else -math.inf
    return value


def _positive_zero(value: Any) -> Any:
    """Listings give -0.0 as 0.0, as the embedded store does."""
    return value + 0.0 if isinstance(value, float) else value
