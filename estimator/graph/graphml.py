"""GraphML (graphml.graphdrawing.org), as `networkx.read_graphml` reads it."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from estimator.graph.facts import GraphFacts
from estimator.graph.json_export import strict
from estimator.graph.node_link import graph_attributes, links, nodes
from estimator.graph.xml_text import xml_text
from estimator.network import FlowNetwork

ITEMS = 500  # a piece
_GRAPH = {
    "beta": "double", "alpha": "double", "unit": "string", "modularity": "double", "edges_measured": "long",
    "edges_kept": "long", "provenance": "string", "layers": "string", "probes": "string",
}  # fmt: skip
NODE = {
    "layer": "long", "layer_name": "string", "index": "long", "name": "string", "kind": "string",
    "community": "long", "betweenness": "double", "betweenness_weighted": "double", "redundancy": "double",
    "mean": "double", "sd": "double", "zeros": "double", "silent": "string",
}  # fmt: skip
EDGE = {
    "mi": "double", "nif": "double", "se": "double", "ci_low": "double", "ci_high": "double",
    "p_value": "double", "q_value": "double", "saturated": "boolean", "lower_bound": "boolean",
    "method": "string",
}  # fmt: skip


def graphml(network: FlowNetwork, facts: GraphFacts) -> Iterator[bytes]:
    """The node-link form in GraphML; what is None is left out. Lists and mappings of the graph are JSON text.

    Texts with control characters are escaped as `xml_text` says.
    """
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for scope, names in (("graph", _GRAPH), ("node", NODE), ("edge", EDGE)):
        for name, kind in names.items():
            key = f'<key id="{scope}.{name}" for="{scope}" attr.name="{name}" attr.type="{kind}"/>\n'
            yield key.encode()
    yield b'<graph edgedefault="directed">\n'
    whole = graph_attributes(network, facts)
    structured = {name: strict(whole[name]).decode() for name in ("provenance", "layers", "probes")}
    yield (_data("graph", _GRAPH, whole | structured) + "\n").encode()
    yield from pieces(
        f'<node id="{node["id"]}">{_data("node", NODE, node)}</node>\n' for node in nodes(network, facts)
    )
    yield from pieces(
        f'<edge source="{link["source"]}" target="{link["target"]}">{_data("edge", EDGE, link)}</edge>\n'
        for link in links(network)
    )
    yield b"</graph>\n</graphml>\n"


def _data(scope: str, names: Iterable[str], values: dict[str, Any]) -> str:
    present = ((name, values[name]) for name in names if values[name] is not None)
    return "".join(f'<data key="{scope}.{name}">{xml_value(value)}</data>' for name, value in present)


def xml_value(value: Any) -> str:
    """A value as both formats write it; a double by the shortest digits that give it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return xml_text(value if isinstance(value, str) else repr(value))


def pieces(items: Iterator[str]) -> Iterator[bytes]:
    while some := "".join(islice(items, ITEMS)):
        yield some.encode()
