"""deploy/nginx.conf in a real nginx, before an API that is slow, absent, or fine."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from service.api.errors import STATUS, every_type
from service.http_worker import LONGEST_BODY
from service.neo4j_server.browser_pages import GUIDE, POLICY, STYLE, browser_file
from tests.stores.neo4j_server import free_port

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")


class Behind(BaseHTTPRequestHandler):
    """Stands for the API and for Neo4j: says when a request arrived, and what it was."""

    arrived: list[float]

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(3)
        self._say(503 if self.path == "/503" else 200)

    def do_POST(self) -> None:
        self.arrived.append(time.monotonic())
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(201)

    def _say(self, status: int) -> None:
        body = json.dumps({"host": self.headers["Host"], "path": self.path}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""

    def handle(self) -> None:
        with suppress(ConnectionError):  # the proxy hangs up on a slow answer
            super().handle()


class Proxy:
    """nginx with the configuration of deploy/, its hosts and folders replaced by ours."""

    def __init__(self, folder: Path, behind: int) -> None:
        self.port, self.browser = free_port(), free_port()
        text = CONFIGURATION
        for old, new in (
            ("server api:8000;", f"server 127.0.0.1:{behind};"),
            ("proxy_pass http://neo4j:7474;", f"proxy_pass http://127.0.0.1:{behind};"),
            ("listen 8080;", f"listen 127.0.0.1:{self.port};"),
            ("listen 7474;", f"listen 127.0.0.1:{self.browser};"),
            ("proxy_read_timeout 120s;", "proxy_read_timeout 1s;"),
            ("/tmp/", f"{folder}/"),
            ("/usr/share/nginx/browser_files", str(ROOT / "service/neo4j_server/browser_files")),
        ):
            assert old in text, f"deploy/nginx.conf has no {old!r} any more"
            text = text.replace(old, new)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "no nginx on the PATH; on Debian: apt-get install nginx-light"
        # as root, nginx's workers would be users who cannot enter pytest's folders
        user = "user root;" if os.getuid() == 0 else ""
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", f"daemon off; {user}"]
        subprocess.run([*command, "-t"], check=True, timeout=30)
        self.process = subprocess.Popen(command)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx did not start")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def behind() -> Iterator[ThreadingHTTPServer]:
    Behind.arrived = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def proxy(behind: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    started = Proxy(tmp_path_factory.mktemp("nginx"), behind.server_address[1])
    yield started
    started.stop()


def assert_problem(answer: requests.Response, slug: str) -> None:
    """As the API would say it."""
    assert answer.status_code == STATUS[slug]
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}" and body["status"] == answer.status_code
    assert body["title"] == every_type()[slug].title
    assert body["detail"]


def test_requests_pass_with_their_host(proxy: Proxy) -> None:
    answer = requests.get(f"{proxy.url}/v1/healthz?x=%2F", timeout=20)
    assert answer.json() == {"host": f"127.0.0.1:{proxy.port}", "path": "/v1/healthz?x=%2F"}
    assert answer.headers["Server"] == "nginx"


def test_the_apis_own_errors_pass_as_they_are(proxy: Proxy) -> None:
    answer = requests.get(f"{proxy.url}/503", timeout=20)
    assert answer.status_code == 503 and answer.json()["path"] == "/503"


def test_a_body_beyond_the_limit_is_refused_before_it_is_sent(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        head = f"POST /v1/datasets HTTP/1.1\r\nHost: x\r\nContent-Length: {LONGEST_BODY + 1}\r\n\r\n"
        client.sendall(head.encode())
        said = client.makefile("rb").read().decode()
    assert said.startswith("HTTP/1.1 413 ")
    assert "Content-Type: application/problem+json" in said
    assert json.loads(said.partition("\r\n\r\n")[2])["type"] == "/problems/payload-too-large"


def test_the_largest_body_is_that_of_the_api() -> None:
    (size,) = re.findall(r"client_max_body_size (\d+)m;", CONFIGURATION)
    assert int(size) * 2**20 == LONGEST_BODY


def test_an_api_that_is_away_is_unavailable(tmp_path: Path) -> None:
    alone = Proxy(tmp_path, free_port())
    try:
        answer = requests.get(f"{alone.url}/v1/models", timeout=20)
    finally:
        alone.stop()
    assert_problem(answer, "unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_an_api_that_takes_too_long_is_a_timeout(proxy: Proxy) -> None:
    assert_problem(requests.get(f"{proxy.url}/slow", timeout=20), "timeout")


def test_a_line_that_is_no_http_is_malformed(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        said = client.makefile("rb").read().decode()
    assert said.startswith("HTTP/1.1 400 ")
    assert json.loads(said.partition("\r\n\r\n")[2])["type"] == "/problems/malformed-request"


def test_the_api_sees_an_upload_when_it_is_whole(proxy: Proxy) -> None:
    Behind.arrived.clear()
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        client.sendall(
            b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nab"
        )
        time.sleep(1)
        assert not Behind.arrived
        client.sendall(b"cd")
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 201")
    assert len(Behind.arrived) == 1


def test_browser_comes_with_style_guide_and_policy(proxy: Proxy) -> None:
    browser = f"http://127.0.0.1:{proxy.browser}/browser/"
    assert requests.get(browser + STYLE, timeout=20).text == browser_file(STYLE)
    guide = requests.get(browser + GUIDE, timeout=20)
    assert guide.text == browser_file(GUIDE) and guide.headers["Content-Type"] == "text/html"
    page = requests.get(browser, timeout=20)
    assert page.json()["path"] == "/browser/"
    assert page.headers["Content-Security-Policy"] == POLICY
