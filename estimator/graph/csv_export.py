"""One CSV table (RFC 4180, UTF-8, CRLF) of a network: the graph, then its nodes, then its links.

The first column says which of the three a row is; a cell that doesn't apply, or is not defined, is empty.

A spreadsheet runs a cell that begins with = + - @ tab or CR as a formula, also after a delimiter that it
takes for its own. In a text cell an apostrophe is put before such a character, at the cell's start and after
; , " tab CR LF, and before an apostrophe there; `original` takes them off again. Numbers stay numbers.
"""

import csv as csv_module
import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from estimator.graph.facts import GraphFacts
from estimator.graph.json_export import strict
from estimator.graph.node_link import graph_attributes, links, nodes
from estimator.network import FlowNetwork

ROWS = 1000  # a piece
COLUMNS = (
    "record", "beta", "alpha", "unit", "modularity", "edges_measured", "edges_kept", "provenance", "layers",
    "probes", "id", "layer", "layer_name", "index", "name", "kind", "community", "betweenness",
    "betweenness_weighted", "redundancy", "mean", "sd", "zeros", "silent", "source", "target", "mi", "nif",
    "se", "ci_low", "ci_high", "p_value", "q_value", "saturated", "lower_bound", "method",
)  # fmt: skip
_BEFORE_FORMULA = re.compile("(?:\\A|(?<=[;,\t\r\n\"]))(?=['=+\\-@\t\r\uff1d\uff0b\uff0d\uff20])")
_APOSTROPHE = re.compile("(\\A|[;,\t\r\n\"])'")


def csv(network: FlowNetwork, facts: GraphFacts) -> Iterator[bytes]:
    """The node-link form as one table. Lists and mappings of the graph are JSON text."""
    whole = graph_attributes(network, facts)
    structured = {name: strict(whole[name]).decode() for name in ("provenance", "layers", "probes")}
    rows = chain(
        [{"record": "graph"} | whole | structured],
        ({"record": "node"} | node for node in nodes(network, facts)),
        ({"record": "link"} | link for link in links(network)),
    )
    text = io.StringIO(newline="")
    writer = csv_module.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    while some := list(islice(rows, ROWS)):
        writer.writerows([_cell(row.get(column)) for column in COLUMNS] for row in some)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def neutral(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet could see the start of a formula."""
    return _BEFORE_FORMULA.sub("'", text)


def original(cell: str) -> str:
    """The text that `neutral` was given."""
    return _APOSTROPHE.sub(r"\1", cell)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutral(value) if isinstance(value, str) else repr(value)
