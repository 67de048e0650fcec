"""What only a real server and raw bytes show: bodies cut off, chunks, framing, hosts, what is loaded."""

import hashlib
import json
import os
import resource
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api.server_here import ServerHere, chunked, post, status
from tests.api.service_here import IRIS_DATA, IRIS_MODEL

OCTETS = "application/octet-stream"
BOUNDARY = "multipart/form-data; boundary=B"
GET = b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerHere]:
    here = ServerHere(tmp_path_factory.mktemp("server")).wait()
    yield here
    here.stop()


@pytest.fixture(autouse=True)
def nothing_left(server: ServerHere) -> Iterator[None]:
    """After each test no temporary file is left, no traceback is in the log, and the next request is fine."""
    yield
    deadline = time.monotonic() + 5
    incoming = server.folder / "data/blobs/incoming"
    while list(incoming.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(incoming.iterdir())
    assert "Traceback" not in server.log.read_text()
    assert status(server.send(GET % (b"/healthz", b"localhost"))) == 200


def blobs(server: ServerHere) -> int:
    return len([path for path in (server.folder / "data/blobs").glob("*/*") if len(path.name) == 64])


def part(name: str, content: bytes, filename: str | None = "f") -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


def test_the_process_maps_neither_torch_nor_onnxruntime(server: ServerHere) -> None:
    assert status(server.send(post("/v1/models", IRIS_MODEL, OCTETS))) == 201
    assert status(server.send(post("/v1/datasets", IRIS_DATA, "text/csv"))) == 201
    assert server.workers()
    for pid in server.workers():
        maps = Path(f"/proc/{pid}/maps").read_text()
        assert "torch" not in maps and "onnxruntime" not in maps


@pytest.mark.parametrize("size", [1, 7, 65536, 10_000_000])
def test_a_chunked_model_is_stored_whole(server: ServerHere, size: int) -> None:
    answer = server.send(chunked("/v1/models", IRIS_MODEL, OCTETS, size))
    assert status(answer) == 201
    assert hashlib.sha256(IRIS_MODEL).hexdigest().encode() in answer


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_body_shorter_than_its_length_is_not_stored(server: ServerHere, share: float) -> None:
    data = IRIS_DATA + b"9,9,9,9,9\n"
    sent = data[: int(len(data) * share)]
    before = blobs(server)
    answer = server.send(post("/v1/datasets", sent, "text/csv", length=len(data)))
    assert status(answer) == 400 and b"malformed-request" in answer
    server.abort(post("/v1/datasets", sent, "text/csv", length=len(data)))
    assert blobs(server) == before


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"0\r\n",
        b"5\r\nabc",
        b"-5\r\nabcde\r\n0\r\n\r\n",
        b"0x5\r\nabcde\r\n0\r\n\r\n",
        b"9" * 20 + b"\r\nabc",
        b"5 \r\nabcde\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_are_wrong_or_cut_are_not_stored(server: ServerHere, end: bytes) -> None:
    before = blobs(server)
    lines = IRIS_DATA.splitlines(keepends=True)
    answer = server.send(chunked("/v1/datasets", b"".join(lines[:100]), "text/csv", end=end))
    assert status(answer) == 400
    assert blobs(server) == before


def test_a_multipart_body_cut_anywhere_is_not_stored(server: ServerHere) -> None:
    body = part("file", IRIS_DATA[:3000]) + b"--B--\r\n"
    before = blobs(server)
    for end in (1, 20, 60, 100, 1000, len(body) - 12, len(body) - 6, len(body) - 4):
        answer = server.send(post("/v1/datasets", body[:end], BOUNDARY))
        assert status(answer) == 400 and b"malformed-request" in answer, end
    assert blobs(server) == before


def test_many_parts_and_huge_part_headers_cost_little(server: ServerHere) -> None:
    began = time.monotonic()
    many = part("x", b"", None) * 100_000 + b"--B--\r\n"
    assert status(server.send(post("/v1/models", many, BOUNDARY))) in (413, 422, 0)
    header = b"--B\r\nX-A: " + b"a" * 1_000_000 + b"\r\n\r\n\r\n--B--\r\n"
    assert status(server.send(post("/v1/models", header, BOUNDARY))) in (413, 400)
    crs = part("file", b"\r" + b"a" * 20_000_000) + b"--B--\r\n"
    assert status(server.send(post("/v1/models", crs, BOUNDARY))) == 422
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("multipart/form-data", 400),
        ("text/plain", 415),
        ("", 415),
        ("application/json", 415),
        ("text/csv;charset=utf-16", 415),
    ],
)
def test_a_body_of_another_type_is_not_read_as_something_else(
    server: ServerHere, content_type: str, expected: int
) -> None:
    assert status(server.send(post("/v1/datasets", IRIS_DATA, content_type))) == expected
    json_type = content_type.replace("application/json", "text/json").replace("text/csv", "application/json")
    if "multipart" not in json_type:
        assert status(server.send(post("/v1/analyses", b"{}", json_type))) == 415


def test_an_encoded_body_is_refused(server: ServerHere) -> None:
    answer = server.send(post("/v1/datasets", IRIS_DATA, "text/csv", "Content-Encoding: gzip"))
    assert status(answer) == 415


def test_a_body_too_long_is_refused_before_it_is_sent(server: ServerHere) -> None:
    expecting = post("/v1/models", b"", OCTETS, "Expect: 100-continue", length=10 * 2**30)
    answer = server.send(expecting)
    assert status(answer) == 413 and b"payload-too-large" in answer
    assert b"100 Continue" not in answer
    assert status(server.send(post("/v1/estimates", b" " * (2**20 + 1), "application/json"))) == 413
    long_json = chunked("/v1/estimates", b" " * (2**20 + 1), "application/json")
    assert status(server.send(long_json)) == 413


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
        b"Content-Length: 2\r\nContent-Length: 3",
        b"Content-Length: +2",
        b"Content-Length: 0_2",
        b"Content-Length: 2, 2",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"X: a\n b",
        b"X\x00: a",
        b": a",
    ],
)
def test_a_message_with_two_readings_is_refused_and_closed(server: ServerHere, head: bytes) -> None:
    request = b"POST /v1/estimates HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + head
    smuggled = b"\r\n\r\n{}" + GET % (b"/v1/limits", b"localhost")
    answer = server.send(request + smuggled)
    assert answer.count(b"HTTP/1.1") == 1 and status(answer) in (400, 501)
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"b" * 1_000_000 + b"\r\n\r\n",
        b"GET /v1/models HTTP/1.1\nHost: localhost\n\n",
        b"GET /v1/models\r\n\r\n",
        b"GET http://evil.example/v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        bytes(range(256)) * 8 + b"\r\n\r\n",
        b"get /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v1/models HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET //v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(server: ServerHere, request_bytes: bytes) -> None:
    answer = server.send(request_bytes)
    assert status(answer) == 0 or 400 <= status(answer) < 500
    assert b"<html" not in answer


@pytest.mark.parametrize(
    "host", [b"evil.example", b"evil.example:80", b"localhost.evil.example", b"[::1", b"a b", b""]
)
def test_another_host_is_refused(server: ServerHere, host: bytes) -> None:
    assert status(server.send(GET % (b"/v1/models", host))) in (400, 421)


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:8000", b"[::1]:99", b"LOCALHOST"])
def test_this_host_is_served(server: ServerHere, host: bytes) -> None:
    assert status(server.send(GET % (b"/v1/models", host))) == 200


def test_a_page_of_another_site_can_change_nothing(server: ServerHere) -> None:
    for origin in ("http://evil.example", "null", "https://localhost"):
        answer = server.send(post("/v1/models", IRIS_MODEL, OCTETS, f"Origin: {origin}"))
        assert status(answer) == (201 if origin == "https://localhost" else 403)
    preflight = b"OPTIONS /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
    answer = server.send(preflight + b"Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n")
    assert b"access-control-allow" not in answer.lower()


def test_headers_of_a_proxy_that_is_none_have_no_effect(server: ServerHere) -> None:
    spoofed = (
        "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https",
        "Forwarded: host=evil.example", "X-HTTP-Method-Override: DELETE",
    )  # fmt: skip
    answer = server.send(post("/v1/models", IRIS_MODEL, OCTETS, *spoofed))
    assert status(answer) == 201
    assert b"evil.example" not in answer and b"\r\nLocation: /v1/models/" in answer
    for name in ("SCRIPT_NAME: /x", "X_Forwarded_For: 1.2.3.4"):
        assert status(server.send(post("/v1/models", IRIS_MODEL, OCTETS, name))) in (201, 400)


def test_a_thousand_broken_uploads_leave_no_descriptor(server: ServerHere) -> None:
    request = post("/v1/models", b"x" * 100, OCTETS, length=1000)
    server.send(request)
    before = server.descriptors()
    for _ in range(300):
        server.abort(request)
    deadline = time.monotonic() + 20
    while server.descriptors() > before + 2:
        assert time.monotonic() < deadline, (before, server.descriptors())
        time.sleep(0.1)


def test_connections_wait_while_no_descriptor_is_left(tmp_path: Path) -> None:
    here = ServerHere(tmp_path).wait()
    try:
        workers = here.workers()
        before = resource.prlimit(workers[0], resource.RLIMIT_NOFILE)
        resource.prlimit(workers[0], resource.RLIMIT_NOFILE, (here.descriptors() + 4, before[1]))
        held = [socket.create_connection(("127.0.0.1", here.port)) for _ in range(20)]
        deadline = time.monotonic() + 20
        while "connections wait" not in here.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        resource.prlimit(workers[0], resource.RLIMIT_NOFILE, before)
        for connection in held:
            connection.close()
        assert status(here.send(GET % (b"/healthz", b"localhost"))) == 200
        assert here.workers() == workers
    finally:
        here.stop()


def test_fifty_writers_at_once_are_all_served(server: ServerHere) -> None:
    def write(n: int) -> list[int]:
        data = IRIS_DATA + b"1,1,1,1,%d\n" % (n % 5)
        path = b"/v1/datasets/" + hashlib.sha256(data).hexdigest().encode()
        delete = b"DELETE %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path
        cut = post("/v1/datasets", data[:-40], "text/csv", length=len(data))
        return [
            status(server.send(r, seconds=60)) for r in (post("/v1/datasets", data, "text/csv"), cut, delete)
        ]

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(write, range(100)))
    assert {tuple(answer) for answer in answers} <= {(201, 400, 204), (201, 400, 404)}
    assert "locked" not in server.log.read_text()


def test_an_etag_of_a_head_request_is_the_one_of_get(server: ServerHere) -> None:
    head = server.send(b"HEAD /v1/limits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert status(head) == 200 and head.endswith(b"\r\n\r\n")
    get = server.send(GET % (b"/v1/limits", b"localhost"))
    tags = [
        next(line for line in answer.split(b"\r\n") if line.startswith(b"ETag")) for answer in (head, get)
    ]
    assert tags[0] == tags[1]
    json.loads(get.partition(b"\r\n\r\n")[2])


def test_a_log_on_a_full_disk_loses_its_lines_and_no_request(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/dev/full")
    server = ServerHere(tmp_path)
    try:
        server.wait()
        for _ in range(3):
            assert status(server.send(post("/v1/models", IRIS_MODEL, "application/octet-stream"))) == 201
            assert status(server.send(post("/v1/models", b"no model", "application/octet-stream"))) == 422
    finally:
        server.stop()


def test_a_killed_server_has_every_201(tmp_path: Path) -> None:
    here = ServerHere(tmp_path).wait()
    stored = []
    for n in range(12):
        data = IRIS_DATA + b"1,1,1,1,%d\n" % n
        try:
            if n == 9:
                for pid in [*here.workers(), here.process.pid]:
                    os.kill(pid, signal.SIGKILL)
            if status(here.send(post("/v1/datasets", data, "text/csv"))) == 201:
                stored.append(hashlib.sha256(data).hexdigest())
        except OSError:
            break
    here.process.wait(5)
    assert len(stored) >= 9
    with sqlite3.connect(tmp_path / "data/catalog.db") as db:
        rows = {row[0] for row in db.execute("SELECT sha256 FROM datasets")}
    for sha256 in stored:
        assert sha256 in rows
        assert (
            hashlib.sha256((tmp_path / "data/blobs" / sha256[:2] / sha256).read_bytes()).hexdigest() == sha256
        )


@pytest.mark.parametrize("variables", [{"NIF_PUBLIC": "true"}, {"NIF_HOST": "0.0.0.0"}, {"NIF_HOST": "::"}])  # noqa: S104
def test_the_outside_is_not_served_without_keys(tmp_path: Path, variables: dict[str, str]) -> None:
    here = ServerHere(tmp_path, **variables)
    assert here.process.wait(30) != 0
    log = here.log.read_text()
    assert next(iter(variables)) in log and "nif keys create" in log
