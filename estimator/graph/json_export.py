"""The node-link form of a network as bytes: strict JSON, one node or link a line, the same every time."""

from collections.abc import Iterator
from itertools import islice
from json import dumps
from typing import Any

from estimator.graph.facts import GraphFacts
from estimator.graph.node_link import graph_attributes, links, nodes
from estimator.network import FlowNetwork

LINES = 1000  # a piece


def json(network: FlowNetwork, facts: GraphFacts) -> Iterator[bytes]:
    """`node_link(network, facts)` in pieces. Raises ValueError for an infinite value: JSON has none."""
    yield b'{"directed":true,"multigraph":false,"graph":'
    yield strict(graph_attributes(network, facts))
    yield b',\n"nodes":['
    yield from _lines(nodes(network, facts))
    yield b'],\n"links":['
    yield from _lines(links(network))
    yield b"]}\n"


def strict(value: Any) -> bytes:
    """Compact UTF-8 JSON without NaN or Infinity, members in their order."""
    return dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _lines(members: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    first = next(members, None)
    if first is None:
        return
    yield b"\n" + strict(first)
    while some := [b",\n" + strict(member) for member in islice(members, LINES)]:
        yield b"".join(some)
