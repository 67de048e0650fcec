"""Servers that are no Neo4j, an older one, or will not let us in: /readyz and the command line say which."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from estimator.errors import Unavailable
from service.cli.local_store import opened
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.protocol import StoreUnavailable
from tests.api.service_here import ServiceHere
from tests.stores.neo4j_server import Server

SECRET = "hush-hush-hush"
OURS, OLDER = b"5.26.24", b"5.13.24"


@contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port; each connection is `answer`ed in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def calls_itself_older(target: int) -> Iterator[int]:
    """Before the real server: its version, of as many bytes, is another in what it says."""

    def between(client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", target))

        def upwards() -> None:
            with suppress(OSError):
                while data := client.recv(1 << 16):
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)

        threading.Thread(target=upwards, daemon=True).start()
        with suppress(OSError):
            while data := server.recv(1 << 16):
                client.sendall(data.replace(OURS, OLDER))
            client.shutdown(socket.SHUT_WR)

    with listener(between) as port:
        yield port


def said_by_all(uri: str, folder: Path, monkeypatch: pytest.MonkeyPatch, user: str, password: str) -> str:
    """The sentence of the command line, which /readyz has to have, too."""
    monkeypatch.setenv("NIF_NEO4J_USER", user)
    monkeypatch.setenv("NIF_NEO4J_PASSWORD", password)
    monkeypatch.delenv("NIF_NEO4J_PASSWORD_FILE", raising=False)
    with pytest.raises(Unavailable) as caught, opened(uri):
        pass
    here = ServiceHere(folder / "service", NIF_STORE=uri)
    try:
        ready = here.client.get("/v1/readyz")
    finally:
        here.close()
    assert ready.status_code == 503
    assert ready.json["errors"][0]["field"] == "store"
    sentence = caught.value.detail.removeprefix("the store: ")
    assert sentence[:60] in ready.json["detail"]
    assert password not in ready.text + sentence
    return sentence


def test_an_older_server_is_refused_by_its_version(
    neo4j_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calls_itself_older(neo4j_server.port) as port:
        said = said_by_all(
            f"bolt://127.0.0.1:{port}", tmp_path, monkeypatch, neo4j_server.user, neo4j_server.password
        )
    assert said == "Neo4j 5.13.24 is too old; the store needs 5.26 or newer"


def test_a_web_server_on_the_port_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def web(client: socket.socket) -> None:
        client.recv(1 << 16)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        client.close()

    with listener(web) as port:
        said = said_by_all(f"bolt://127.0.0.1:{port}", tmp_path, monkeypatch, "neo4j", SECRET)
    assert "cannot be reached" in said
    assert "HTTP" in said


def test_a_server_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with listener(lambda client: threading.Event().wait(60) and client.close()) as port:
        silent = Neo4jStore(f"bolt://127.0.0.1:{port}", "neo4j", SECRET)
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            silent.ping()
        silent.close()
    assert time.monotonic() - began < 40


def test_an_expired_password_and_one_tried_too_often_are_said_so(
    neo4j_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = Connection(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    admin.write("CREATE USER expired IF NOT EXISTS SET PASSWORD $password CHANGE REQUIRED", password=SECRET)
    try:
        said = said_by_all(neo4j_server.uri, tmp_path, monkeypatch, "expired", SECRET)
        assert "must be changed" in said
        for n in range(4):
            said = said_by_all(neo4j_server.uri, tmp_path / str(n), monkeypatch, "expired", "wrong-password")
        assert "too many" in said
    finally:
        admin.write("DROP USER expired IF EXISTS")
        admin.close()
