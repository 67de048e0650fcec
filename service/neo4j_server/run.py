"""Run a server in the foreground until Ctrl-C: what `make neo4j` does."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from platformdirs import user_data_path

from estimator.errors import NifError
from estimator.options import refuse
from service.neo4j_server.home import ServerOptions
from service.neo4j_server.provision import provide_jars
from service.neo4j_server.server import LocalServer

BOLT_PORT, HTTP_PORT = "NIF_NEO4J_BOLT_PORT", "NIF_NEO4J_HTTP_PORT"


def options_from(env: Mapping[str, str]) -> ServerOptions:
    """Ports from the environment; data beside the user's other data. Raises InvalidParameter."""
    bolt_port, http_port = _port(env, BOLT_PORT, 7687), _port(env, HTTP_PORT, 7474)
    if bolt_port == http_port:
        raise refuse(HTTP_PORT, http_port, f"another port than {BOLT_PORT}")
    return ServerOptions(user_data_path("nif") / "neo4j", bolt_port, http_port)


def main() -> int:
    """Exit code 0 after Ctrl-C or SIGTERM, 2 if the server could not be started, else the server's own."""
    try:
        options = options_from(os.environ)
        server = LocalServer(options, provide_jars())
        signal.signal(signal.SIGTERM, _interrupt)
        server.start()
    except NifError as error:
        sys.stderr.write(f"neo4j: {error.detail}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    try:
        sys.stdout.write(ready_line(server, options.password_file) + "\n")
        sys.stdout.flush()
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        server.stop()


def ready_line(server: LocalServer, password_file: Path) -> str:
    return f"{server.bolt_uri} {server.browser_url} user {server.user}, password in {password_file}"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise refuse(name, text, "a port from 1 to 65535")
    return int(text)
