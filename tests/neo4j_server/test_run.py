"""`make neo4j`: a server in the foreground."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from estimator.errors import InvalidParameter, MissingExtra, Unavailable
from service.neo4j_server.java import find_java_home
from service.neo4j_server.provision import provide_jars
from service.neo4j_server.run import options_from
from service.neo4j_server.server import LocalServer
from service.stores.neo4j import Neo4jStore
from tests.stores.neo4j_server import free_port


def test_it_prints_one_line_keeps_its_password_secret_and_ends_in_order(tmp_path: Path) -> None:
    bolt_port, http_port = free_port(), free_port()
    ports = {"NIF_NEO4J_BOLT_PORT": str(bolt_port), "NIF_NEO4J_HTTP_PORT": str(http_port)}
    env = {**os.environ, **ports, "XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "service.neo4j_server"]
    passwords = []
    for _ in range(2):
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        file = tmp_path / "nif" / "neo4j" / "password"
        bolt, browser = f"bolt://127.0.0.1:{bolt_port}", f"http://127.0.0.1:{http_port}/browser/"
        assert line == f"{bolt} {browser} user neo4j, password in {file}\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        passwords.append(file.read_text().strip())
        store = Neo4jStore(f"bolt://127.0.0.1:{bolt_port}", "neo4j", passwords[-1])
        assert store.migrate()[:1] in (["V0001__networks.cypher"], [])
        store.ping()
        store.close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", bolt_port), 2).close()
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.wait(40) == 0
        assert passwords[-1] not in (tmp_path / "nif" / "neo4j" / "console.log").read_text()
    assert passwords[0] == passwords[1] and len(passwords[0]) >= 32


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "0x50", "７６８７", "7 687"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(InvalidParameter, match="NIF_NEO4J_BOLT_PORT is"):
        options_from({"NIF_NEO4J_BOLT_PORT": port})


def test_two_equal_ports_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="another port"):
        options_from({"NIF_NEO4J_BOLT_PORT": "7000", "NIF_NEO4J_HTTP_PORT": "7000"})


def test_a_port_in_use_is_said_so_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        options = options_from({"NIF_NEO4J_BOLT_PORT": str(port)})
        with pytest.raises(Unavailable, match=f"port {port} .*NIF_NEO4J_BOLT_PORT"):
            LocalServer(options, provide_jars()).start()


def test_the_jars_are_fetched_once() -> None:
    jars = provide_jars()
    before = jars.lib.stat().st_mtime_ns
    assert provide_jars() == jars
    assert jars.lib.stat().st_mtime_ns == before
    assert len(list(jars.plugins.glob("*.jar"))) == 12


def test_without_a_fit_java_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.neo4j_server.java.find_spec", lambda name: None)
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.1\"' >&2\n")
    java.chmod(0o755)
    with pytest.raises(MissingExtra, match=r"Java 11; install one .*openjdk-17"):
        find_java_home({"JAVA_HOME": str(tmp_path), "PATH": ""})
    with pytest.raises(MissingExtra, match="no Java was found"):
        find_java_home({"PATH": ""})
