"""The command line and the service with NIF_STORE=bolt://...: networks in Neo4j, and the same answers."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from neo4j import GraphDatabase
from py2neo import Graph

from service.stores.neo4j import Neo4jStore
from tests.api.service_here import ServiceHere
from tests.cli.nif import IRIS, NIF, environment, nif, refusal
from tests.stores.neo4j_server import Server

QUERIES = (
    "neurons?limit=100&sort=-betweenness_weighted", "neurons?silent=none&beta=0.2", "neurons?layer=1",
    "edges?limit=500", "edges?flow=all&limit=500&sort=mi", "edges?min_nif=0.1&beta=0.1",
    "communities", "communities?beta=0.2", "probes",
    "paths?source=0:0&target=TARGET&k=10", "paths?source=0:1&target=TARGET&k=7&beta=0",
    "attributions", "attributions?source=0:2", "attributions?target=TARGET&beta=0.3", "network?format=json",
)  # fmt: skip
REFUSED = (
    "paths?source=1:0&target=TARGET&k=3", "paths?source=0:0&target=TARGET&k=0", "attributions?source=9:9",
    "communities?beta=-1", "neurons?sort=none",
)  # fmt: skip
SEARCHED = {"community", "modularity", "communities"}  # by Leiden, of which only the quality is promised


@pytest.fixture
def variables(neo4j_server: Server, tmp_path: Path) -> dict[str, str]:
    secret = tmp_path / "password"
    secret.write_text(neo4j_server.password + "\n")
    secret.chmod(0o600)
    return {
        "NIF_STORE": neo4j_server.uri,
        "NIF_NEO4J_USER": neo4j_server.user,
        "NIF_NEO4J_PASSWORD_FILE": str(secret),
    }


@pytest.fixture
def direct(neo4j_server: Server) -> Iterator[Neo4jStore]:
    store = neo4j_server.open()
    store.migrate()
    for analysis_id in store.ids():
        store.delete(analysis_id)
    yield store
    for analysis_id in store.ids():
        store.delete(analysis_id)
    store.close()


def test_an_analysis_on_the_command_line_lands_where_every_client_sees_it(
    neo4j_server: Server, direct: Neo4jStore, variables: dict[str, str], tmp_path: Path
) -> None:
    login = {name: value for name, value in variables.items() if name != "NIF_STORE"}
    done = nif(
        tmp_path, "analyze", *IRIS, "--target", "species", "--store", neo4j_server.uri, "--json", env=login
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert direct.ids() == [answer["analysis"]]
    network = direct.network(answer["analysis"])
    ask = (
        "MATCH (a:Analysis {id: $id})-[:HAS_LAYER]->()-[:HAS_NEURON]->(n)-[r:FLOWS_TO]->(m)"
        " RETURN n.id, m.id, r.mi, r.nif ORDER BY n.number, m.number"
    )
    with GraphDatabase.driver(neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password)) as driver:
        seen = [tuple(record) for record in driver.execute_query(ask, id=answer["analysis"]).records]
    other = Graph(neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password))
    assert [tuple(record.values()) for record in other.run(ask, id=answer["analysis"])] == seen
    assert len(seen) == network.edges_measured
    assert sorted(mi for *_, mi, _ in seen) == sorted(mi for e in network.edges for mi in e.mi.ravel())
    assert neo4j_server.password not in done.stdout + done.stderr


def test_settings_take_the_store_and_its_login_and_mask_the_password(
    neo4j_server: Server, variables: dict[str, str], tmp_path: Path
) -> None:
    shown = nif(tmp_path, "settings", env=variables)
    assert f"NIF_STORE={neo4j_server.uri}" in shown.stdout
    assert variables["NIF_NEO4J_PASSWORD_FILE"] in shown.stdout
    shown = nif(tmp_path, "settings", env={"NIF_STORE": neo4j_server.uri, "NIF_NEO4J_PASSWORD": "hush-hush"})
    assert "NIF_NEO4J_PASSWORD=***" in shown.stdout
    assert "hush" not in shown.stdout + shown.stderr
    wrong = {"NIF_STORE": neo4j_server.uri, "NIF_NEO4J_PASSWORD": "hush-hush"}
    said = refusal(nif(tmp_path, "analyze", *IRIS, "--target", "species", env=wrong))
    assert "refuses user and password" in said
    assert "hush" not in said


def test_the_service_answers_on_neo4j_what_it_answers_on_the_embedded_store(
    direct: Neo4jStore, variables: dict[str, str], tmp_path: Path
) -> None:
    with (tmp_path / "log").open("wb") as log:
        serve = subprocess.Popen(
            [*NIF, "serve"],
            env=environment(tmp_path / "data", variables | {"NIF_PORT": "0"}),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    here = ServiceHere(tmp_path / "embedded")
    try:
        assert serve.stdout is not None
        url = serve.stdout.readline().split()[2]  # nif serves URL ...
        analysis = _analysed(url)
        network = direct.network(analysis)
        same = here.done(network)
        last = network.layers[-1].index
        for query in QUERIES + REFUSED:
            path = query.replace("TARGET", f"{last}:1")
            found = requests.get(f"{url}/analyses/{analysis}/{path}", timeout=60)
            wanted = here.client.get(f"/v1/analyses/{same}/{path}")
            assert found.status_code == (422 if query in REFUSED else 200), (path, found.text)
            assert wanted.status_code == found.status_code, path
            left = json.loads(found.text.replace(analysis, "ID"))
            right = json.loads(wanted.text.replace(same, "ID"))
            _assert_alike(left, right, path)
    finally:
        serve.terminate()
        serve.wait(30)
        here.close()


def _analysed(url: str) -> str:
    """Submit the Iris example, and wait until it is done."""
    with IRIS[0].open("rb") as model, IRIS[1].open("rb") as data:
        sent = requests.post(
            f"{url}/analyses",
            files={
                "model": ("iris.onnx", model, "application/octet-stream"),
                "data": ("iris.csv", data, "text/csv"),
                "options": (None, json.dumps({"target": "species"}), "application/json"),
            },
            timeout=60,
        )
    assert sent.status_code == 202, sent.text
    place = f"{url}/analyses/{sent.json()['id']}"
    deadline = time.monotonic() + 150
    while (state := requests.get(place, timeout=60).json())["status"] != "done":
        assert state["status"] in ("queued", "running"), state
        assert time.monotonic() < deadline, state
        time.sleep(0.3)
    return str(sent.json()["id"])


def _assert_alike(found: Any, wanted: Any, where: str) -> None:
    """Equal JSON; numbers to 1e-9 relative; communities by their modularity."""
    if isinstance(wanted, dict):
        assert set(found) == set(wanted), where
        for key, value in wanted.items():
            if key == "modularity":
                assert (found[key] is None) == (value is None)
                assert value is None or found[key] >= value - 0.01 * abs(value), where
            elif key not in SEARCHED:
                _assert_alike(found[key], value, f"{where} {key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        for i, (left, right) in enumerate(zip(found, wanted, strict=True)):
            _assert_alike(left, right, f"{where}[{i}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-9, abs=0), where
    else:
        assert found == wanted, where
