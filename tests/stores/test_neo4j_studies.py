"""Studies in Neo4j are part of the graph, and leave nothing in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_studies import write_study
from service.stores.protocol import AnalysisNotStored, StudyRow
from tests.jobs.jobs_here import JobsHere, wait_for
from tests.networks import random_network
from tests.stores.cut_proxy import CutProxy
from tests.stores.neo4j_server import Server

FAILED = """
MATCH (s:Study {kind: 'audit', verdict: 'fail'})-[:OF {position: 0}]->(a:Analysis)-[:OF_MODEL]->(m:Model)
RETURN m.sha256 AS model, a.id AS analysis, s.id AS audit"""
LEFT = "MATCH (n) WHERE n:Study OR n:Unfinished OR n:Chunk OR n:Analysis RETURN count(n)"


@pytest.fixture
def connection(neo4j_server: Server) -> Iterator[Connection]:
    opened = Connection(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    yield opened
    opened.close()


@pytest.fixture
def store(neo4j_server: Server) -> Iterator[Neo4jStore]:
    opened = neo4j_server.open()
    opened.migrate()
    yield opened
    for analysis_id in opened.ids():
        opened.delete(analysis_id)
    opened.close()


def test_lineage_reaches_from_a_verdict_to_the_model(store: Neo4jStore, connection: Connection) -> None:
    network = random_network(1)
    for analysis_id in ("a", "b"):
        store.write(analysis_id, network)
    store.write_study("s1", "audit", ["a", "b"], {"verdict": "fail"})
    store.write_study("s2", "audit", ["b", "a"], {"verdict": "pass"})
    assert FAILED.strip() in (Path(__file__).parents[2] / "docs/neo4j.md").read_text(encoding="utf-8")
    model = network.provenance["model_sha256"]
    assert connection.write(FAILED) == [(model, "a", "s1")]


def test_nothing_of_a_study_is_left_in_the_graph(store: Neo4jStore, connection: Connection) -> None:
    [(before,)] = connection.write(LEFT)
    for analysis_id in ("a", "b"):
        store.write(analysis_id, random_network(1))
    large = {"text": "x" * (3 << 20)}
    store.write_study("s1", "audit", ["a"], large)
    store.write_study("s2", "diff", ["a", "b"], large)
    store.write_study("s3", "diff", ["b", "b"], large)
    with pytest.raises(AnalysisNotStored):
        write_study(connection, "s4", "audit", ["not there"], large)
    write_study(connection, "s1", "audit", ["a"], {})  # as a second worker does that was slower
    assert store.study("s1") == large
    store.delete_study("s1")
    store.delete("a")
    assert store.study_ids() == ["s3"]
    store.delete("b")
    assert connection.write(LEFT) == [(before,)]


def test_a_study_waits_for_a_server_that_is_away_and_is_then_computed_and_kept_there(
    neo4j_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "password"
    secret.write_text(neo4j_server.password + "\n")
    secret.chmod(0o600)
    login = {"NIF_NEO4J_USER": neo4j_server.user, "NIF_NEO4J_PASSWORD_FILE": str(secret)}
    for name, value in login.items():
        monkeypatch.setenv(name, value)  # of the store in this process
    monkeypatch.delenv("NIF_NEO4J_PASSWORD", raising=False)
    way = CutProxy(neo4j_server.port)
    direct = neo4j_server.open()
    jobs = JobsHere(tmp_path / "jobs", NIF_STORE=f"bolt://127.0.0.1:{way.port}", **login)
    analysis = jobs.analysed(random_network(1))
    try:
        jobs.worker(real=True)
        way.shut()
        policy = {"version": 1, "rules": [{"rule": "minimum-rows", "min": 151}]}
        study = jobs.study("audit", analysis, options={"policy": policy})
        wait_for(lambda: "the job waits" in jobs.log_text(), 60)
        assert direct.study_ids() == []
        way.open()
        jobs.wait(study, "done", 90)
        assert direct.study(study)["verdict"] == "fail"
        assert direct.studies(analysis) == [StudyRow(study, "audit", "fail", (analysis,))]
        assert neo4j_server.password not in jobs.log_text()
    finally:
        jobs.close()
        direct.delete(analysis)
        direct.close()
        way.shut()
