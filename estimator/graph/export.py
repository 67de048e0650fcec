"""A network as a file, in pieces of bytes: a download of 2 million edges never stands in memory at once.

| format | media type | reads it |
|---|---|---|
| json | application/json | networkx.node_link_graph(json.load(file), edges="links") |
| graphml | application/graphml+xml | networkx.read_graphml, Gephi, yEd, Neo4j (APOC) |
| gexf | application/gexf+xml | networkx.read_gexf, Gephi |
| csv | text/csv | spreadsheets, pandas |

All hold the same nodes and links in the same order with the same bits, and beta, alpha and the unit. The same
network gives the same bytes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from estimator.graph.csv_export import csv
from estimator.graph.facts import GraphFacts
from estimator.graph.gexf import gexf
from estimator.graph.graphml import graphml
from estimator.graph.json_export import json
from estimator.network import FlowNetwork


@dataclass(frozen=True)
class ExportFormat:
    """media_type is what HTTP says of it, suffix how its files end."""

    write: Callable[[FlowNetwork, GraphFacts], Iterator[bytes]]
    media_type: str
    suffix: str


FORMATS = {
    "json": ExportFormat(json, "application/json", ".json"),
    "graphml": ExportFormat(graphml, "application/graphml+xml", ".graphml"),
    "gexf": ExportFormat(gexf, "application/gexf+xml", ".gexf"),
    "csv": ExportFormat(csv, "text/csv; charset=utf-8", ".csv"),
}

__all__ = ["FORMATS", "ExportFormat", "csv", "gexf", "graphml", "json"]
