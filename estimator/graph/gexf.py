"""GEXF 1.2 (gexf.net), as Gephi and `networkx.read_gexf` read it."""

from collections.abc import Iterator
from typing import Any

from estimator.graph.facts import GraphFacts
from estimator.graph.graphml import EDGE, NODE, pieces, xml_value
from estimator.graph.json_export import strict
from estimator.graph.node_link import graph_attributes, links, nodes
from estimator.graph.xml_text import xml_text
from estimator.network import FlowNetwork


def gexf(network: FlowNetwork, facts: GraphFacts) -> Iterator[bytes]:
    """The node-link form in GEXF; what is None is left out.

    A node's label is its name, an edge's weight its nif. What holds for the whole graph is JSON text in the
    description. Texts with control characters are escaped as `xml_text` says.
    """
    whole = xml_text(strict(graph_attributes(network, facts)).decode())
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
    yield b'<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n'
    yield f"<meta><creator>NIF</creator><description>{whole}</description></meta>\n".encode()
    yield b'<graph defaultedgetype="directed" mode="static">\n'
    for scope, names in (("node", NODE), ("edge", EDGE)):
        yield f'<attributes class="{scope}" mode="static">\n'.encode()
        for name, kind in names.items():
            yield f'<attribute id="{scope}.{name}" title="{name}" type="{kind}"/>\n'.encode()
        yield b"</attributes>\n"
    yield b"<nodes>\n"
    yield from pieces(_node(node) for node in nodes(network, facts))
    yield b"</nodes>\n<edges>\n"
    yield from pieces(_edge(number, link) for number, link in enumerate(links(network)))
    yield b"</edges>\n</graph>\n</gexf>\n"


def _node(node: dict[str, Any]) -> str:
    values = _values("node", NODE, node)
    return f'<node id="{node["id"]}" label="{xml_text(node["name"])}">{values}</node>\n'


def _edge(number: int, link: dict[str, Any]) -> str:
    ends = f'source="{link["source"]}" target="{link["target"]}" weight="{link["nif"]!r}"'
    return f'<edge id="{number}" {ends}>{_values("edge", EDGE, link)}</edge>\n'


def _values(scope: str, names: dict[str, str], values: dict[str, Any]) -> str:
    present = ((name, values[name]) for name in names if values[name] is not None)
    inner = "".join(f'<attvalue for="{scope}.{name}" value="{xml_value(value)}"/>' for name, value in present)
    return f"<attvalues>{inner}</attvalues>"
