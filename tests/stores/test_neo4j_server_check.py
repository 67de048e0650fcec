"""A server that the store cannot work on is refused with the reason, by every way in."""

from pathlib import Path

import pytest

from estimator.errors import Unavailable
from service.cli.local_store import opened
from service.neo4j_server.home import ServerOptions
from service.neo4j_server.provision import Jars, provide_jars
from service.neo4j_server.server import LocalServer
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_server_check import check_version
from service.stores.protocol import StoreUnavailable
from tests.networks import random_network
from tests.stores.neo4j_server import free_port


def test_a_server_without_gds_is_refused_naming_the_procedure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = provide_jars()
    (tmp_path / "plugins").mkdir()
    options = ServerOptions(tmp_path / "home", free_port(), free_port(), heap="512m", page_cache="64m")
    server = LocalServer(options, Jars(jars.lib, tmp_path / "plugins", jars.java_home))
    server.start()
    try:
        store = Neo4jStore(server.bolt_uri, server.user, server.password)
        for ask in (store.ping, store.migrate):
            with pytest.raises(StoreUnavailable, match=r"no procedure gds\.[a-zA-Z.]+: install Graph Data"):
                ask()
        with pytest.raises(StoreUnavailable):
            store.write("a", random_network(1))
        assert store.ids() == []
        store.close()
        monkeypatch.setenv("NIF_NEO4J_PASSWORD_FILE", str(options.password_file))
        with (
            pytest.raises(Unavailable, match=r"^the store: Neo4j has no procedure gds\."),
            opened(server.bolt_uri),
        ):
            pass
    finally:
        server.stop()


@pytest.mark.parametrize("version", ["5.25.1", "5.9.0", "4.4.38", "3.5.0-alpha"])
def test_an_older_neo4j_is_refused_by_its_version(version: str) -> None:
    with pytest.raises(StoreUnavailable, match=f"Neo4j {version} is too old; the store needs 5.26"):
        check_version(version)


@pytest.mark.parametrize("version", ["5.26.0", "5.26.24", "2025.06.0", "2026.01.1-enterprise"])
def test_this_and_newer_versions_are_taken(version: str) -> None:
    check_version(version)
