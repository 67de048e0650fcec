"""The guide's ten questions: each query runs on the server, and says what the embedded store says."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, LiteralString, cast

import pytest
from neo4j import GraphDatabase

from estimator.graph.describe import describe
from service.neo4j_server.browser_pages import GUIDE, STYLE, browser_file
from service.stores.embedded import EmbeddedStore
from service.stores.neo4j_rows import COLOURS, fact_rows
from service.stores.protocol import EdgeFilter, NeuronFilter, Slice
from tests.neo4j_server.network import browsable_network
from tests.networks import random_network
from tests.stores.neo4j_server import Server

ID = "the guide's"
ASKED = {"analysis": ID, "source": "0:1", "target": "2:1", "attribute": "religion"}


class Runnable(HTMLParser):
    """The queries of the guide: what is in <pre class="code runnable">."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "pre":
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found[-1] += data


RUNNABLE = Runnable(browser_file(GUIDE)).found
QUERIES = [query for query in RUNNABLE if not query.startswith(":")]


@pytest.fixture(scope="module")
def answers(neo4j_server: Server) -> Iterator[list[list[dict[str, Any]]]]:
    """The rows of each query, on a server that also holds another network."""
    store = neo4j_server.open()
    store.migrate()
    store.write(ID, browsable_network())
    store.write("another", random_network(1))
    with GraphDatabase.driver(neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password)) as driver:
        yield [
            [dict(row) for row in driver.execute_query(cast(LiteralString, query), ASKED).records]
            for query in QUERIES
        ]
        (left,) = driver.execute_query("CALL gds.graph.list() YIELD graphName RETURN count(*)").records
        assert left[0] == 0, "a projection stayed in the server's memory"
    store.delete(ID)
    store.delete("another")
    store.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path / "nif.db")
    store.migrate()
    store.write(ID, browsable_network())
    yield store
    store.close()


def test_the_ten_questions_are_in_the_docs_word_for_word() -> None:
    page = (Path(__file__).parents[2] / "docs/neo4j.md").read_text(encoding="utf-8")
    assert len(QUERIES) == 10
    for query in RUNNABLE:
        assert f"```\n{query}\n```" in page.replace("```cypher\n", "```\n"), query


def test_the_analyses_with_their_lineage(answers: list[list[dict[str, Any]]]) -> None:
    by_id = {row["analysis"]: row for row in answers[0]}
    assert set(by_id) == {ID, "another"}
    assert by_id[ID]["model"] == "0" * 64 and by_id[ID]["data"] == "1" * 64
    assert by_id[ID]["flow_edges"] == browsable_network().edges_kept == 8


def test_the_strongest_edges(answers: list[list[dict[str, Any]]], embedded: EmbeddedStore) -> None:
    seen = [(row["a"]["id"], row["b"]["id"], row["r"]["nif"]) for row in answers[1]]
    expected = embedded.edges(ID, EdgeFilter(), Slice("-nif", limit=None)).rows
    assert seen == [(row.source, row.consumer, row.nif) for row in expected]


def test_the_strongest_paths(answers: list[list[dict[str, Any]]], embedded: EmbeddedStore) -> None:
    expected = embedded.paths(ID, ASKED["source"], ASKED["target"], 10)
    assert len(expected) == 1
    assert [tuple(neuron["id"] for neuron in row["neurons"]) for row in answers[2]] == [
        path.neurons for path in expected
    ]
    assert [row["product"] for row in answers[2]] == pytest.approx([path.product for path in expected], 1e-12)
    assert all(len(row["edges"]) == len(row["neurons"]) - 1 for row in answers[2])


def test_the_strongest_paths_of_an_input_with_a_skip(
    neo4j_server: Server, answers: list[list[dict[str, Any]]], embedded: EmbeddedStore
) -> None:
    store = neo4j_server.open()
    with GraphDatabase.driver(neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password)) as driver:
        rows = driver.execute_query(cast(LiteralString, QUERIES[2]), ASKED | {"source": "0:2"}).records
    store.close()
    assert [[neuron["id"] for neuron in row["neurons"]] for row in rows] == [
        ["0:2", "1:1", "2:1"],  # 0.3 * 1.4 = 0.42
        ["0:2", "2:1"],  # 0.07
    ]
    assert [row["product"] for row in rows] == pytest.approx([0.42, 0.07], 1e-12)


def test_what_reaches_the_target(answers: list[list[dict[str, Any]]]) -> None:
    ends = {row["way"].end_node["id"]: len(row["way"]) for row in answers[3]}
    assert ends == {"1:1": 1, "0:2": 1, "0:1": 2}  # not age: its edges end in `no`


def test_the_silent_neurons(answers: list[list[dict[str, Any]]], embedded: EmbeddedStore) -> None:
    expected = embedded.neurons(ID, NeuronFilter(silent="any"), Slice(limit=None)).rows
    assert [(row["n"]["id"], row["why"]) for row in answers[4]] == [(row.id, row.silent) for row in expected]
    assert [row["why"] for row in answers[4]] == ["constant", "uninformative"]


def test_the_neurons_that_flow_passes(answers: list[list[dict[str, Any]]], embedded: EmbeddedStore) -> None:
    expected = embedded.neurons(ID, NeuronFilter(), Slice("-betweenness", limit=20)).rows
    assert [row["neuron"] for row in answers[5]] == [row.id for row in expected]
    assert [row["betweenness"] for row in answers[5]] == [row.betweenness for row in expected]


def test_the_communities(answers: list[list[dict[str, Any]]], embedded: EmbeddedStore) -> None:
    expected = embedded.communities(ID).communities
    assert [row["community"] for row in answers[6]] == [community.id for community in expected]
    for row, community in zip(answers[6], expected, strict=True):
        assert [name.split()[0] for name in row["neurons"]] == list(community.neurons)
        assert row["flow_within"] == pytest.approx(community.nif_within, 1e-12)


def test_how_sure_the_numbers_are(answers: list[list[dict[str, Any]]], embedded: EmbeddedStore) -> None:
    rows = embedded.edges(ID, EdgeFilter(), Slice(limit=None)).rows
    widest = sorted((row.ci_high - row.ci_low for row in rows), reverse=True)
    assert [row["high"] - row["low"] for row in answers[7]] == widest
    assert all(row["saturated"] is False and row["lower_bound"] is False for row in answers[7])


def test_the_models_that_hear_about_an_attribute(
    answers: list[list[dict[str, Any]]], embedded: EmbeddedStore
) -> None:
    heard = [row for row in embedded.probes(ID, "religion") if row.layer == 2 and row.mi > 0.05]
    assert heard
    expected = {(ID, "0" * 64, row.neuron_name, row.mi) for row in heard}
    assert {(row["analysis"], row["model"], row["output"], row["mi"]) for row in answers[8]} == expected


def test_the_neurons_that_carry_an_attribute(
    answers: list[list[dict[str, Any]]], embedded: EmbeddedStore
) -> None:
    expected = sorted(embedded.probes(ID, "religion"), key=lambda row: -row.mi)
    assert [(row["n"]["id"], row["r"]["mi"]) for row in answers[9]] == [(r.neuron, r.mi) for r in expected]
    assert all(row["p"]["name"] == "religion" for row in answers[9])


def test_the_style_sheet_has_a_rule_for_every_label() -> None:
    style = browser_file(STYLE)
    network = browsable_network()
    labels = {label for row in fact_rows(network, describe(network)) for label in row["labels"]}
    assert {"Silent", "Input", "Output", "Size0", "Size4", "Community0"} <= labels
    every = {f"Community{i}" for i in range(COLOURS)} | {f"Size{i}" for i in range(5)} | labels
    for label in every:
        assert f"node.{label} {{" in style
    assert f"node.Community{COLOURS} " not in style and "node.Size5 " not in style
