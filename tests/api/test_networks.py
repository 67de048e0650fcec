"""Everything that is asked of a network: the rows, their pages, the exports, the page."""

import csv
import io
import itertools
import json
from typing import Any

import networkx
import numpy as np
import pytest
from flask.testing import FlaskClient

from estimator.network import neuron_id
from tests.api.service_here import ServiceHere, assert_problem
from tests.networks import flow_network, random_network

READS = ("neurons", "edges", "communities", "probes", "attributions", "network", "report")


@pytest.fixture
def analysis(service: ServiceHere) -> str:
    return f"/v1/analyses/{service.done()}"


def test_a_finished_analysis_shows_its_summary(client: FlaskClient, analysis: str) -> None:
    found = client.get(analysis).json
    network = random_network(1)
    assert found["status"] == "done"
    assert found["summary"]["edges_measured"] == network.edges_measured
    assert found["summary"]["edges_kept"] == network.edges_kept
    assert found["summary"]["probes"] == ["species"]


def test_neurons_are_filtered_and_sorted(client: FlaskClient, analysis: str) -> None:
    network = random_network(1)
    page = client.get(f"{analysis}/neurons").json
    assert page["total"] == network.neurons_total
    assert [row["id"] for row in page["items"]] == [
        neuron_id(layer.index, i) for layer in network.layers for i in range(layer.size)
    ]
    flows = [
        row["out_flow"] for row in client.get(f"{analysis}/neurons?layer=0&sort=-out_flow").json["items"]
    ]
    assert len(flows) == network.layers[0].size
    assert flows == sorted(flows, reverse=True)


def test_edges_are_flow_edges_unless_all_are_asked_for(client: FlaskClient, analysis: str) -> None:
    network = random_network(1)
    assert client.get(f"{analysis}/edges").json["total"] == network.edges_kept
    assert client.get(f"{analysis}/edges?flow=all").json["total"] == network.edges_measured
    strong = client.get(f"{analysis}/edges?min_nif=1&sort=-nif").json["items"]
    assert strong and all(edge["nif"] >= 1 for edge in strong)
    one = client.get(f"{analysis}/edges?source=layer0.0").json["items"]
    assert one and all(edge["source"] == "0:0" for edge in one)


def test_beta_is_a_query(client: FlaskClient, analysis: str) -> None:
    at_0 = client.get(f"{analysis}/edges?sort=-mi&limit=1").json["items"][0]
    at_1 = client.get(f"{analysis}/edges?sort=-mi&limit=1&beta=1").json["items"][0]
    assert at_0["mi"] == at_1["mi"]
    assert at_1["nif"] < at_0["nif"]


def test_paths_and_attributions_agree(client: FlaskClient, analysis: str) -> None:
    network = random_network(1)
    last = len(network.layers) - 1
    query = f"source=0:0&target={last}:0"
    paths = client.get(f"{analysis}/paths?{query}&k=1000").json
    assert paths == sorted(paths, key=lambda path: -path["product"])
    assert all(np.prod(path["nif"]) == pytest.approx(path["product"]) for path in paths)
    [row] = client.get(f"{analysis}/attributions?{query}").json
    assert row["attribution"] == pytest.approx(sum(path["product"] for path in paths))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("source=0:0&target=0:0", "target"),
        ("source=1:0&target=2:0", "source"),
        ("source=9:9&target=1:0", "source"),
        ("source=0:0&target=nobody", "target"),
        ("source=0:0", "target"),
        ("source=0:0&target=1:0&k=0", "k"),
        ("source=0:0&target=1:0&k=-1", "k"),
        ("source=0:0&target=1:0&k=1001", "k"),
        ("source=0:0&target=1:0&k=9223372036854775808", "k"),
        ("source=0:0&target=1:0&k=²", "k"),
        ("source=0:0&target=1:0&k=1_000", "k"),
        ("source=0:0&target=1:0&k=%2B5", "k"),
        ("source=0:0&target=1:0&k=%205", "k"),
        ("source=0:0&target=1:0&k=0x10", "k"),
        ("source=0:0&target=1:0&k=١٢", "k"),
        ("source=0:0&target=1:0&k=", "k"),
        ("source=0:0&target=1:0&k=1e3", "k"),
        ("source=0:0&target=1:0&k=5%0A", "k"),
        ("source=0:0&target=1:0&beta=-1", "beta"),
        ("source=0:0&target=1:0&beta=nan", "beta"),
        ("source=0:0&target=1:0&beta=inf", "beta"),
        ("source=0:0&target=1:0&beta=1e308", "beta"),
        ("source=0:0&target=1:0&beta=1e999", "beta"),
    ],
)
def test_a_path_query_that_makes_no_sense_names_its_field(
    client: FlaskClient, analysis: str, query: str, field: str
) -> None:
    body = assert_problem(client.get(f"{analysis}/paths?{query}"), 422, "invalid-parameter")
    assert [place["field"] for place in body["errors"]] == [field]


@pytest.mark.parametrize("beta", ["-0.0", "5e-324", "0.5", "1e6", "0"])
def test_any_beta_in_range_gives_finite_numbers(client: FlaskClient, analysis: str, beta: str) -> None:
    answer = client.get(f"{analysis}/edges?beta={beta}&flow=all")
    assert answer.status_code == 200
    json.loads(answer.text, parse_constant=_refuse)


def test_unreachable_neurons_have_no_path(service: ServiceHere, client: FlaskClient) -> None:
    lonely = flow_network([2, 1], {(0, 1): [[0.5], [0.0]]})
    paths = f"/v1/analyses/{service.done(lonely)}/paths"
    assert client.get(f"{paths}?source=0:1&target=1:0").json == []
    assert len(client.get(f"{paths}?source=0:0&target=1:0").json) == 1


def test_a_name_that_two_neurons_have_needs_an_id(service: ServiceHere, client: FlaskClient) -> None:
    twins = flow_network([2, 1], {(0, 1): [[0.5], [0.4]]}, names=[["a", "b"], ["a"]])
    analysis = f"/v1/analyses/{service.done(twins)}"
    body = assert_problem(client.get(f"{analysis}/paths?source=a&target=1:0"), 422, "invalid-parameter")
    assert "0:0" in body["detail"] and "1:0" in body["detail"]
    assert client.get(f"{analysis}/paths?source=b&target=1:0").json[0]["names"] == ["b", "a"]


@pytest.mark.parametrize("sort", ["id", "-id", "nif", "-nif", "mi", "-mi", "q_value", "-se"])
def test_pages_show_every_edge_once(service: ServiceHere, client: FlaskClient, sort: str) -> None:
    ties = flow_network([9, 7], {(0, 1): np.full((9, 7), 0.25)})
    path = f"/v1/analyses/{service.done(ties)}/edges?sort={sort}&limit=10"
    seen: list[tuple[str, str]] = []
    cursor = None
    for _ in itertools.count():
        page = client.get(path + (f"&cursor={cursor}" if cursor else "")).json
        seen += [(edge["source"], edge["consumer"]) for edge in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 63


def test_a_cursor_is_good_for_its_query_only(
    service: ServiceHere, client: FlaskClient, analysis: str
) -> None:
    edges = f"{analysis}/edges?limit=2"
    cursor = client.get(edges).json["next"]
    assert client.get(f"{edges}&cursor={cursor}").status_code == 200
    other = f"/v1/analyses/{service.done()}/edges?limit=2"
    wrong = [
        *(
            f"{edges}&cursor={cursor[:i]}{'A' if cursor[i] != 'A' else 'B'}{cursor[i + 1 :]}"
            for i in range(len(cursor))
        ),
        f"{edges}&cursor={cursor}!!",
        f"{edges}&cursor={cursor}==",
        f"{edges}&cursor={cursor}%0A",
        f"{edges}&cursor=",
        f"{edges}&cursor=%00",
        f"{edges}&sort=nif&cursor={cursor}",
        f"{analysis}/edges?limit=3&cursor={cursor}",
        f"{analysis}/neurons?limit=2&cursor={cursor}",
        f"{other}&cursor={cursor}",
    ]
    for url in wrong:
        assert_problem(client.get(url), 400, "invalid-cursor")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("edges?min_nfi=0.1", "min_nfi"),
        ("edges?layer=1&layer=2", "layer"),
        ("edges?sort=__class__", "sort"),
        ("edges?sort=nif;x", "sort"),
        ("edges?limit=0", "limit"),
        ("edges?limit=1001", "limit"),
        ("edges?max_q=2", "max_q"),
        ("edges?saturated=1", "saturated"),
        ("edges?flow=yes", "flow"),
        ("neurons?layer=99", "layer"),
        ("neurons?layer=-1", "layer"),
        ("neurons?silent=(a%2B)%2B$", "silent"),
        ("probes?probe=sex", "probe"),
        ("probes?probe=%25", "probe"),
        ("communities?limit=5", "limit"),
        ("attributions?source=1:0", "source"),
        ("network?format=xml", "format"),
        ("report?beta=-1", "beta"),
        ("edges?api_key=nif_secret", "api_key"),
    ],
)
def test_a_wrong_parameter_is_named(client: FlaskClient, analysis: str, path: str, field: str) -> None:
    answer = client.get(f"{analysis}/{path}")
    assert answer.status_code == 422
    assert answer.json["type"] in ("/problems/invalid-parameter", "/problems/unknown-field")
    assert answer.json["errors"][0]["field"] == field


def test_an_unknown_parameter_gets_the_near_name(client: FlaskClient, analysis: str) -> None:
    body = assert_problem(client.get(f"{analysis}/edges?min_nfi=0.1"), 422, "unknown-field")
    assert "min_nif" in body["detail"]


def test_exports_hold_the_same_network(client: FlaskClient, analysis: str) -> None:
    as_json = client.get(f"{analysis}/network")
    assert as_json.content_type == "application/json"
    graph = networkx.node_link_graph(as_json.json, edges="links")
    assert graph.number_of_edges() == random_network(1).edges_measured
    as_graphml = client.get(f"{analysis}/network", headers={"Accept": "application/graphml+xml"})
    assert as_graphml.content_type == "application/graphml+xml"
    assert networkx.read_graphml(io.BytesIO(as_graphml.data)).number_of_edges() == graph.number_of_edges()
    as_gexf = client.get(f"{analysis}/network?format=gexf", headers={"Accept": "text/csv"})
    assert as_gexf.content_type == "application/gexf+xml"  # format wins
    assert networkx.read_gexf(io.BytesIO(as_gexf.data)).number_of_edges() == graph.number_of_edges()
    as_csv = client.get(f"{analysis}/network?format=csv")
    assert as_csv.content_type == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(as_csv.text)))
    assert as_csv.headers["Content-Disposition"].endswith('.csv"')


def test_accept_decides_or_is_refused(client: FlaskClient, analysis: str) -> None:
    for accept in ("*/*;q=0", "text/html", "image/png", "application/json;q=0"):
        assert_problem(client.get(f"{analysis}/network", headers={"Accept": accept}), 406, "not-acceptable")
    assert_problem(client.get(f"{analysis}/edges", headers={"Accept": "text/csv"}), 406, "not-acceptable")


def test_an_export_is_not_sent_twice(client: FlaskClient, analysis: str) -> None:
    first = client.get(f"{analysis}/network?format=csv")
    tag = first.headers["ETag"]
    assert client.get(f"{analysis}/network?format=csv", headers={"If-None-Match": tag}).status_code == 304
    assert client.get(f"{analysis}/network?format=gexf", headers={"If-None-Match": tag}).status_code == 200
    assert client.get(f"{analysis}/network?format=csv&beta=1").headers["ETag"] != tag


def test_at_most_so_many_networks_are_written_out_at_once(
    service: ServiceHere, client: FlaskClient, analysis: str
) -> None:
    most = client.get("/v1/limits").json["service"]["exports"]
    address = f"{analysis}/network"
    assert most == service.settings.api_threads // 2
    for _ in range(most):
        service.parts.exports.acquire()
    busy = client.get(address)
    assert_problem(busy, 429, "rate-limited")
    assert int(busy.headers["Retry-After"]) > 0
    assert client.get(f"{analysis}/edges").status_code == 200
    service.parts.exports.release()
    waiting = f"/v1/analyses/{service.submit()}/network"
    for path, headers, status in (  # each gives its place back, whatever became of it
        (address, {}, 200),
        (address, {"If-None-Match": "*"}, 304),
        (address, {"If-Match": '"x"'}, 412),
        (waiting, {}, 409),
    ):
        for method in ("GET", "HEAD"):
            with client.open(path, method=method, headers=headers) as answer:
                assert answer.status_code == status


def test_the_report_is_a_page_that_loads_nothing_from_elsewhere(client: FlaskClient, analysis: str) -> None:
    answer = client.get(f"{analysis}/report", headers={"Accept": "text/html"})
    assert answer.content_type == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    script = client.get("/v1/docs/plotly.min.js")
    assert script.status_code == 200 and len(script.data) > 1_000_000
    assert "/v1/docs/plotly.min.js" in answer.text and "https://cdn" not in answer.text


def test_an_unfinished_analysis_has_no_network(service: ServiceHere, client: FlaskClient) -> None:
    analysis_id = service.submit()
    reads: list[str] = [*READS, "paths?source=0:0&target=1:0"]
    for read in reads:
        body = assert_problem(
            client.get(f"/v1/analyses/{analysis_id}/{read}", headers={"Accept": "*/*"}), 409, "conflict"
        )
        assert "queued" in body["detail"]
    service.finish(analysis_id, "ERROR")
    for read in reads:
        assert_problem(client.get(f"/v1/analyses/{analysis_id}/{read}"), 409, "conflict")


def test_a_network_lost_from_the_store_is_said_and_not_empty(
    service: ServiceHere, client: FlaskClient
) -> None:
    analysis_id = service.done()
    service.parts.store.delete(analysis_id)
    for read in ("edges", "network", "communities"):
        assert_problem(client.get(f"/v1/analyses/{analysis_id}/{read}"), 503, "unavailable")
    assert client.get(f"/v1/analyses/{analysis_id}").json["summary"] is None


def test_no_answer_holds_nan(service: ServiceHere, client: FlaskClient) -> None:
    silent = flow_network([2, 2], {(0, 1): np.zeros((2, 2))})
    analysis = f"/v1/analyses/{service.done(silent)}"
    for read in ("neurons", "edges?flow=all", "communities", "probes", "attributions", "network"):
        answer = client.get(f"{analysis}/{read}")
        assert answer.status_code == 200
        json.loads(answer.text, parse_constant=_refuse)


def _refuse(text: str) -> Any:
    raise AssertionError(f"{text} in an answer")
