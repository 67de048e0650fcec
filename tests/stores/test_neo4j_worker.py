"""A real worker whose Neo4j goes away in the middle of a job and comes back."""

from pathlib import Path

import pytest

from service.stores.protocol import EdgeFilter, Slice
from tests.jobs.jobs_here import JobsHere, wait_for
from tests.networks import random_network
from tests.same import assert_same
from tests.stores.cut_proxy import CutProxy
from tests.stores.neo4j_server import Server

WAITS = "store does not answer; the job waits"


def test_a_job_waits_while_the_server_is_away_and_completes_once(
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
    try:
        before = set(direct.ids())
        jobs.worker()
        analysis = jobs.submit(seconds=1)
        jobs.wait_for_progress(analysis)
        way.shut()
        wait_for(lambda: jobs.log_text().count(WAITS) >= 2)
        assert jobs.state(analysis).status == "running"
        assert set(direct.ids()) == before
        way.open()
        jobs.wait(analysis, "done", 60)
        assert set(direct.ids()) - before == {analysis}
        assert jobs.started() == 1
        network = random_network(7)
        assert_same(direct.network(analysis), network)
        edges = direct.edges(analysis, EdgeFilter(flow=None), Slice(limit=0))
        assert edges.total == network.edges_measured
        assert neo4j_server.password not in jobs.log_text()
        direct.delete(analysis)
    finally:
        jobs.close()
        direct.close()
        way.shut()
