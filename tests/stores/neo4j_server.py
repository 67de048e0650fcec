"""A real Neo4j server with GDS for the tests: the one that `make neo4j` runs, or NIF_NEO4J_URI's."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.neo4j_server.home import ServerOptions
from service.neo4j_server.provision import provide_jars
from service.neo4j_server.server import LocalServer
from service.stores.neo4j import Neo4jStore


@dataclass(frozen=True)
class Server:
    """Where it is and how to log in; `local` is None for somebody else's."""

    uri: str
    user: str
    password: str
    local: LocalServer | None = None

    @property
    def port(self) -> int:
        return urlsplit(self.uri).port or 7687

    def open(self) -> Neo4jStore:
        return Neo4jStore(self.uri, self.user, self.password)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started once for all tests. Never skips: without Java, Maven or the network it fails and says so."""
    if uri := os.environ.get("NIF_NEO4J_URI"):
        yield Server(uri, os.environ.get("NIF_NEO4J_USER", "neo4j"), _password(os.environ))
        return
    options = ServerOptions(
        home=tmp_path_factory.mktemp("neo4j"),
        bolt_port=free_port(),
        http_port=free_port(),
        page_cache="64m",
    )
    local = LocalServer(options, provide_jars())
    local.start()
    try:
        yield Server(local.bolt_uri, local.user, local.password, local)
    finally:
        local.stop()


@pytest.fixture(scope="session")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server that a test may kill; with little memory for a transaction, and lively connections."""
    options = ServerOptions(
        home=tmp_path_factory.mktemp("own"),
        bolt_port=free_port(),
        http_port=free_port(),
        heap="512m",
        page_cache="64m",
        keep_alive="1s",
        lines=("db.memory.transaction.max=48m",),
    )
    server = LocalServer(options, provide_jars())
    server.start()
    yield server
    server.stop()


def _password(env: "os._Environ[str]") -> str:
    if file := env.get("NIF_NEO4J_PASSWORD_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    return env["NIF_NEO4J_PASSWORD"]
