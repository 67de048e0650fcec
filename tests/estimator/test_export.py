"""Exports read back by independent readers."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimator.graph.csv_export import neutral, original
from estimator.graph.describe import describe
from estimator.graph.export import FORMATS
from estimator.graph.node_link import node_link
from estimator.graph.xml_text import xml_text, xml_untext
from estimator.network import FlowNetwork
from tests.networks import flow_network, probe, random_network

NASTY = (
    "=1+1", "+1", "-x", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "＝1", "a;=1", 'a"=1', "a\n=1", "\x01\x0c",
    "]]>", "<b>&amp;", "_x0001_", "", "￾", " padded ", "a\r\nb",
    "`'}) DETACH DELETE n //", "😀 é", "x\ty", "-0.1",
)  # fmt: skip


def network() -> FlowNetwork:
    rng = np.random.default_rng(1)
    n = len(NASTY)
    names = [list(NASTY), ["a", "b"], ["c"]]
    nif = {
        (0, 1): rng.uniform(0, 1, (n, 2)),
        (0, 2): rng.uniform(0, 1, (n, 1)),
        (1, 2): rng.uniform(0, 1, (2, 1)),
    }
    made = flow_network([n, 2, 1], nif, names=names)
    odd = np.resize(
        np.array([5e-324, 1.7976931348623157e308, -0.0, 0.1 + 0.2, 2.0**53, np.nan, 1e-300]), (n, 2)
    )
    edges = replace(made.edges[0], se=odd, ci_low=-odd)
    return replace(made, edges=(edges, *made.edges[1:]), probes=(probe(made, "=sex\x02"),))


def exported(format: str, of: FlowNetwork) -> bytes:
    return b"".join(FORMATS[format].write(of, describe(of)))


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def same(a: Any, b: Any) -> bool:
    """Equal with the same bits: -0.0 is not 0.0."""
    return repr(a) == repr(b)


def test_json_is_the_node_link_form() -> None:
    of = network()
    assert same(json.loads(exported("json", of)), json.loads(json.dumps(node_link(of, describe(of)))))


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_csv_read_back_is_the_node_link_form() -> None:
    of = network()
    expected = node_link(of, describe(of))
    rows = read_csv(exported("csv", of))
    whole = [expected["graph"], *expected["nodes"], *expected["links"]]
    assert [r["record"] for r in rows] == ["graph"] + ["node"] * len(expected["nodes"]) + ["link"] * len(
        expected["links"]
    )
    for row, values in zip(rows, whole, strict=True):
        for name, value in values.items():
            cell = row[name]
            if value is None:
                assert cell == ""
            elif isinstance(value, str):
                assert original(cell) == value
            elif isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, (list, dict)):
                assert json.loads(original(cell)) == json.loads(json.dumps(value))
            else:
                assert same(type(value)(cell), value)


def test_no_text_cell_starts_a_formula_and_numbers_stay_numbers() -> None:
    rows = read_csv(exported("csv", network()))
    names = [row["name"] for row in rows if row["record"] == "node"]
    assert names[:4] == ["'=1+1", "'+1", "'-x", "'@SUM(A1)"]
    assert names[8] == "a;'=1"
    assert any(row["ci_low"].startswith("-0.3") for row in rows)


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n;,\"a＝＠")))
def test_neutral_text_is_reversible_and_safe_under_any_delimiter(text: str) -> None:
    safe = neutral(text)
    assert original(safe) == text
    for delimiter in ';,\t\n\r"':
        for piece in safe.split(delimiter):
            assert not piece.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("_x0A5F\x00\x1f￿"))))
def test_any_text_survives_xml(text: str) -> None:
    for document in (f"<a>{xml_text(text)}</a>", f'<a b="{xml_text(text)}"/>'):
        element = ElementTree.fromstring(document.encode())  # noqa: S314  our own
        assert xml_untext(element.text or element.get("b") or "") == text


@pytest.mark.parametrize(
    ("format", "read"),
    [
        ("graphml", lambda data: nx.parse_graphml(data.decode())),
        ("gexf", lambda data: nx.read_gexf(io.BytesIO(data))),
    ],
)
def test_networkx_reads_back_the_same_nodes_links_and_bits(
    format: str, read: Callable[[bytes], nx.DiGraph]
) -> None:
    of = network()
    expected = node_link(of, describe(of))
    graph = read(exported(format, of))
    assert graph.is_directed()
    for (node, values), wanted in zip(graph.nodes(data=True), expected["nodes"], strict=True):
        assert node == wanted["id"]
        found = {k: xml_untext(v) if isinstance(v, str) else v for k, v in values.items() if k != "label"}
        assert same(sorted(found.items()), sorted((k, v) for k, v in present(wanted).items() if k != "id"))
    for (source, target, values), wanted in zip(graph.edges(data=True), expected["links"], strict=True):
        assert (source, target) == (wanted["source"], wanted["target"])
        found = {k: v for k, v in values.items() if k not in ("id", "weight")}
        ends = ("source", "target")
        assert same(
            sorted(found.items()), sorted((k, v) for k, v in present(wanted).items() if k not in ends)
        )


def test_graphml_carries_what_holds_for_the_whole_graph() -> None:
    graph = nx.parse_graphml(exported("graphml", network()).decode())
    assert graph.graph["beta"] == 0.0
    assert graph.graph["alpha"] == 0.05
    assert graph.graph["unit"] == "nats"
    assert json.loads(xml_untext(graph.graph["probes"]))[0]["name"] == "=sex\x02"


def test_gexf_carries_what_holds_for_the_whole_graph() -> None:
    root = ElementTree.fromstring(exported("gexf", network()))  # noqa: S314  our own
    description = root.find("{*}meta/{*}description")
    assert description is not None
    graph = json.loads(xml_untext(description.text or ""))
    assert (graph["beta"], graph["alpha"], graph["unit"]) == (0.0, 0.05, "nats")


@pytest.mark.parametrize("format", list(FORMATS))
def test_the_same_network_gives_the_same_bytes_in_pieces(format: str) -> None:
    of = random_network(4, layers=4, width=60)
    assert exported(format, of) == exported(format, random_network(4, layers=4, width=60))
    pieces = list(FORMATS[format].write(of, describe(of)))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 600_000


@pytest.mark.parametrize("format", list(FORMATS))
def test_a_network_without_flow_is_exported_too(format: str) -> None:
    data = exported(format, flow_network([2, 1], {(0, 1): np.zeros((2, 1))}))
    assert not re.search(rb"\b(nan|inf|none)\b", data, re.IGNORECASE)
    assert b"uninformative" in data
