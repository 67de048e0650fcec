"""The edges one should trust least: wide intervals, q close to alpha, values that are only a floor."""

from dataclasses import dataclass

import numpy as np

from estimator.network import FlowNetwork
from service.report.measured_edges import MeasuredEdge, edges_near_alpha, widest_edges
from service.report.names import NeuronNames
from service.report.text import at_least, count, interval, number

ROWS_EACH = 8


@dataclass(frozen=True)
class WeakRow:
    source: str
    consumer: str
    mi: str
    interval: str
    nif: str
    q: str
    why: str


@dataclass(frozen=True)
class WeakestEdges:
    """floor: how many flow edges are known only as "at least", in words; empty where none is."""

    rows: tuple[WeakRow, ...]
    floor: str


def weakest_edges(network: FlowNetwork, names: NeuronNames) -> WeakestEdges:
    why: dict[MeasuredEdge, list[str]] = {}
    for e in widest_edges(network, ROWS_EACH):
        why.setdefault(e, []).append(f"interval {number(e.relative_width, 2)} × the value")
    for e in edges_near_alpha(network, ROWS_EACH):
        verdict = "kept" if e.q_value <= network.alpha else "dropped"
        why.setdefault(e, []).append(f"{verdict} by little: q is near alpha")
    rows = tuple(
        WeakRow(
            source=names.of(*e.source),
            consumer=names.of(*e.consumer),
            mi=at_least(e.mi, e.saturated, e.lower_bound),
            interval=interval(e.ci_low, e.ci_high),
            nif=number(e.nif),
            q=number(e.q_value, threshold=network.alpha),
            why="; ".join([*reasons, *(["saturated"] if e.saturated else [])]),
        )
        for e, reasons in why.items()
    )
    return WeakestEdges(rows, _floor(network))


def _floor(network: FlowNetwork) -> str:
    bounded = saturated = 0
    for e, nif in zip(network.edges, network.nif, strict=True):
        bounded += int(np.count_nonzero((nif > 0) & (e.lower_bound | e.saturated)))
        saturated += int(np.count_nonzero((nif > 0) & e.saturated))
    if not bounded:
        return ""
    are = "is" if bounded == 1 else "are"
    edges = count(network.edges_kept, "flow edge")
    words = f"{bounded:,} of {edges} {are} known only as a floor: read “at least”"
    return f"{words} ({saturated:,} of them saturated)." if saturated else f"{words}."
