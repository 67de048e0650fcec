"""Activation distributions as in figure 3b of arXiv 1901.08557: a small histogram for each neuron."""

from dataclasses import dataclass

import numpy as np

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork, NeuronFacts
from service.report.names import NeuronNames
from service.report.palette import mark
from service.report.text import count, number, percent

LARGEST_TILES = 24
WIDTH, HEIGHT = 120, 44


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tile:
    """One neuron's histogram; bars in a box of WIDTH by HEIGHT."""

    name: str
    color: str
    silent: str | None
    bars: tuple[Bar, ...]
    low: str
    high: str
    mean: str
    sd: str
    zeros: str


@dataclass(frozen=True)
class LayerTiles:
    name: str
    size: str
    tiles: tuple[Tile, ...]
    shown: str


def distributions(network: FlowNetwork, facts: GraphFacts, names: NeuronNames) -> tuple[LayerTiles, ...]:
    """A group of tiles for each layer; of a large layer, the neurons of largest betweenness, said so."""
    groups = []
    for layer in network.layers:
        chosen = range(layer.size)
        shown = ""
        if layer.size > LARGEST_TILES:
            order = np.argsort(-facts.betweenness[layer.index], kind="stable")[:LARGEST_TILES]
            chosen = sorted(int(i) for i in order)  # type: ignore[assignment]
            shown = f"{LARGEST_TILES} of {layer.size:,} shown, those of largest betweenness"
        tiles = tuple(_tile(network, facts, names, layer.index, i) for i in chosen)
        groups.append(LayerTiles(names.layer(layer.index), count(layer.size, "neuron"), tiles, shown))
    return tuple(groups)


def _tile(network: FlowNetwork, facts: GraphFacts, names: NeuronNames, layer: int, i: int) -> Tile:
    did = network.facts[layer]
    silent = network.silent[layer][i]
    return Tile(
        name=names.of(layer, i),
        color=mark(int(facts.community[layer][i])).color,
        silent=silent,
        bars=_bars(did, i),
        low=number(float(did.histogram_edges[i, 0])),
        high=number(float(did.histogram_edges[i, -1])),
        mean=number(float(did.mean[i])),
        sd=number(float(did.sd[i])),
        zeros=percent(float(did.zeros[i])),
    )


def _bars(did: NeuronFacts, i: int) -> tuple[Bar, ...]:
    """The histogram scaled to the box; a range of no width is one bar in the middle."""
    counts, edges = did.histogram[i], did.histogram_edges[i]
    most, low, span = int(counts.max(initial=0)), float(edges[0]), float(edges[-1] - edges[0])
    if most == 0:
        return ()
    if not (np.isfinite(span) and span > 0):
        return (Bar(WIDTH / 2 - 3, 0, 6, HEIGHT),)
    left = (edges[:-1] - low) / span * WIDTH
    right = (edges[1:] - low) / span * WIDTH
    return tuple(
        Bar(
            round(float(a), 2),
            round(HEIGHT * (1 - n / most), 2),
            round(max(0.5, float(b - a) - 0.6), 2),
            round(HEIGHT * n / most, 2),
        )
        for a, b, n in zip(left, right, counts, strict=True)
        if n
    )
