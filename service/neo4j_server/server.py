"""Start, watch and stop one local Neo4j server."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

from estimator.errors import Unavailable
from service.neo4j_server.home import USER, ServerOptions, prepare_home
from service.neo4j_server.provision import Jars

START_SECONDS = 180
STOP_SECONDS = 30
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


class LocalServer:
    """A server on 127.0.0.1 that runs as a child process, with its output in HOME/console.log."""

    user = USER

    def __init__(self, options: ServerOptions, jars: Jars) -> None:
        self.options = options
        self._jars = jars
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bolt_uri(self) -> str:
        return f"bolt://127.0.0.1:{self.options.bolt_port}"

    @property
    def browser_url(self) -> str:
        return self.options.browser_url

    @property
    def password(self) -> str:
        return self.options.password_file.read_text(encoding="utf-8").strip()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def console(self) -> Path:
        return self.options.home / "console.log"

    def start(self) -> None:
        """Start it and wait until it answers. Raises Unavailable with the end of its log if it does not."""
        for port in (self.options.bolt_port, self.options.http_port):
            _check_free(port)
        prepare_home(self.options, self._jars)
        with self.console.open("wb") as console:
            # a session of its own, so that Ctrl-C reaches us first and the server is stopped in order
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        try:
            while not self._answers():
                if self._process.poll() is not None:
                    raise Unavailable(f"Neo4j ended at its start:\n{self._last_words()}")
                if time.monotonic() > deadline:
                    raise Unavailable(f"Neo4j did not answer in {START_SECONDS} s:\n{self._last_words()}")
                time.sleep(0.2)
        except BaseException:
            self.kill()
            raise

    def wait(self) -> int:
        """Wait until it ends; returns its exit code."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """End it in order; if it doesn't within STOP_SECONDS, kill it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _command(self) -> list[str]:
        home, jars = self.options.home, self._jars
        opened = [part for name in _OPENED for part in ("--add-opens", f"java.base/{name}=ALL-UNNAMED")]
        return [
            jars.java, f"-Xmx{self.options.heap}", "-XX:+ExitOnOutOfMemoryError",
            "-cp", f"{jars.plugins}/*{os.pathsep}{home}/conf{os.pathsep}{home}/web{os.pathsep}{jars.lib}/*",
            *opened, "-Dio.netty.tryReflectionSetAccessible=true",
            "org.neo4j.server.CommunityEntryPoint",
            f"--home-dir={home}", f"--config-dir={home / 'conf'}", "--console-mode",
        ]  # fmt: skip

    def _answers(self) -> bool:
        """Whether HTTP is up: the server opens it last, when databases and Bolt are there."""
        try:
            with urlopen(f"http://127.0.0.1:{self.options.http_port}/", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _last_words(self) -> str:
        return self.console.read_text(encoding="utf-8", errors="replace")[-3000:]


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Unavailable(
                f"port {port} of 127.0.0.1 cannot be used for Neo4j ({error.strerror}); choose others with"
                " NIF_NEO4J_BOLT_PORT and NIF_NEO4J_HTTP_PORT"
            ) from error
