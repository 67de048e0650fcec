"""A network as both kinds of figures draw it: places, colours and widths as on the report's page."""

import html
from dataclasses import dataclass

from service.report.names import NeuronNames
from service.report.network_figure import network_figure
from service.reproduction.run import Measured

SYMBOLS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "pentagon": "p", "hexagram": "*",
           "cross": "P"}  # fmt: skip

FIELDS = ("x", "y", "size", "color", "symbol", "hollow", "label", "hover")


@dataclass(frozen=True)
class Node:
    """x: layer. y: 0 top to 1 bottom. size: pixels. symbol: by plotly's name; SYMBOLS: matplotlib's."""

    x: float
    y: float
    size: float
    color: str
    symbol: str
    hollow: bool
    label: str
    hover: str


@dataclass(frozen=True)
class Line:
    """Of an edge, from one node to another. width: pixels."""

    start: int
    end: int
    width: float
    hover: str


@dataclass(frozen=True)
class DrawnNetwork:
    """layers: names. nodes: neuron by neuron. lines: the strongest first."""

    layers: tuple[str, ...]
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]


def drawn(by: Measured) -> DrawnNetwork:
    data = network_figure(by.network, by.facts, NeuronNames(by.network)).data
    columns = data["nodes"]
    nodes = tuple(
        Node(**dict(zip(FIELDS, values, strict=True)) | {"label": html.unescape(values[6])})
        for values in zip(*(columns[key] for key in FIELDS), strict=True)
    )
    lines = tuple(
        Line(start, end, data["widths"][step - 1], hover) for start, end, step, hover in data["edges"]
    )
    return DrawnNetwork(tuple(layer.name for layer in by.network.layers), nodes, lines)
