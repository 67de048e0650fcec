"""The network as in figure 1 of arXiv 1901.08557: layers are columns, colour is the community, size the
betweenness, line width the nif; silent neurons are hollow. static/report.js draws it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.report.measured_edges import MeasuredEdge, strongest_edges
from service.report.names import NeuronNames
from service.report.network_hover import edge_hover, neuron_hover
from service.report.network_legend import (
    THICKEST,
    WIDTH_STEPS,
    Legend,
    legend,
    thickest_line,
    width,
    width_step,
)
from service.report.palette import mark
from service.report.text import count, plotly_text

LARGEST_EDGES = 2_000
LARGEST_NEURONS = 3_000
LABELLED_LAYER = 28


@dataclass(frozen=True)
class NetworkFigure:
    """data: what static/report.js reads. height: pixels. shown: what is drawn of what there is, in words."""

    data: dict[str, Any]
    height: int
    min_width: int
    legend: Legend
    shown: str


def network_figure(network: FlowNetwork, facts: GraphFacts, names: NeuronNames) -> NetworkFigure:
    edges = strongest_edges(network, LARGEST_EDGES)
    drawn = _drawn_neurons(network, facts, edges)
    position = {neuron: at for at, neuron in enumerate(drawn)}
    edges = [e for e in edges if e.source in position and e.consumer in position]
    largest = max((e.nif for e in edges), default=0.0)
    thickest = thickest_line(len(edges))
    per_layer = Counter(layer for layer, _ in drawn)
    tallest = max(per_layer.values(), default=1)
    height = int(min(940, max(280, 120 + 44 * tallest)))
    return NetworkFigure(
        data={
            "columns": [
                {"name": plotly_text(_column_name(names.layer(at.index))), "size": count(at.size, "neuron")}
                for at in network.layers
            ],
            "nodes": _nodes(network, facts, names, drawn, (height - 90) / max(1, tallest)),
            "edges": [
                [
                    position[e.source],
                    position[e.consumer],
                    width_step(e.nif, largest),
                    edge_hover(e, network, names),
                ]
                for e in edges
            ],
            "widths": [width(step, thickest) for step in range(1, WIDTH_STEPS + 1)],
            "opacity": round(0.2 + 0.2 * thickest / THICKEST, 2),
        },
        height=height,
        min_width=max(0, 96 * len(network.layers)),
        legend=legend(network, facts, largest, thickest),
        shown=_shown(network, len(edges), len(drawn)),
    )


def _drawn_neurons(
    network: FlowNetwork, facts: GraphFacts, edges: list[MeasuredEdge]
) -> list[tuple[int, int]]:
    """All neurons where they are few; else those of the drawn edges first, strongest edge first."""
    every = [(layer.index, i) for layer in network.layers for i in range(layer.size)]
    if len(every) <= LARGEST_NEURONS:
        return every
    chosen = dict.fromkeys(neuron for e in edges for neuron in (e.source, e.consumer))
    by_betweenness = sorted(every, key=lambda at: -facts.betweenness[at[0]][at[1]])
    chosen |= dict.fromkeys(by_betweenness)
    return sorted(list(chosen)[:LARGEST_NEURONS])


def _nodes(
    network: FlowNetwork,
    facts: GraphFacts,
    names: NeuronNames,
    drawn: list[tuple[int, int]],
    spacing: float,
) -> dict[str, list[Any]]:
    """Columns of values over the drawn neurons; y runs from 0 (top) to 1 within each layer."""
    largest = max((float(b.max(initial=0)) for b in facts.betweenness), default=0.0)
    smallest_size = float(np.clip(spacing * 0.4, 5, 11))
    largest_size = float(np.clip(spacing * 0.65, 12, 32))
    per_layer = Counter(layer for layer, _ in drawn)
    met: Counter[int] = Counter()
    nodes: dict[str, list[Any]] = {
        key: [] for key in ("x", "y", "size", "color", "symbol", "hollow", "label", "hover")
    }
    for layer, i in drawn:
        met[layer] += 1
        share = facts.betweenness[layer][i] / largest if largest > 0 else 0.0
        silent = network.silent[layer][i]
        drawn_as = mark(int(facts.community[layer][i]))
        nodes["x"].append(layer)
        nodes["y"].append(round((met[layer] - 0.5) / per_layer[layer], 5))
        nodes["size"].append(round(smallest_size + (largest_size - smallest_size) * float(share) ** 0.5, 1))
        nodes["color"].append(drawn_as.color)
        nodes["symbol"].append(drawn_as.symbol)
        nodes["hollow"].append(silent is not None)
        labelled = per_layer[layer] <= LABELLED_LAYER
        nodes["label"].append(plotly_text(names.label(layer, i)) if labelled else "")
        nodes["hover"].append(neuron_hover(network, facts, names, layer, i))
    return nodes


def _column_name(name: str) -> str:
    return name if len(name) <= 16 else name[:15] + "…"


def _shown(network: FlowNetwork, edges: int, neurons: int) -> str:
    """What is drawn of what there is, in sentences."""
    kept, total = network.edges_kept, network.neurons_total
    if edges < kept:
        said = f"{edges:,} of {kept:,} flow edges shown, the strongest."
    else:
        said = f"All {count(kept, 'flow edge')} are shown." if kept > 1 else f"{count(kept, 'flow edge')}."
    return f"{said} {neurons:,} of {total:,} neurons shown." if neurons < total else said
