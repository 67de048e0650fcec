"""A real gunicorn on a free port, and requests sent as bytes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


class ServerHere:
    """The API in processes of its own, as `nif serve` starts it, on a data folder."""

    def __init__(self, folder: Path, **variables: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.log = folder / "log"
        folder.mkdir(parents=True, exist_ok=True)
        environment = {
            "NIF_DATA_DIR": str(folder / "data"),
            "NIF_PORT": str(self.port),
            "OMP_NUM_THREADS": "1",
        }
        command = [
            sys.executable, "-m", "gunicorn", "-c", "python:service.gunicorn_conf",
            "service.app:create_app_from_environment()",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | environment | variables, stdout=log, stderr=log
            )

    def wait(self, seconds: float = 30.0) -> "ServerHere":
        deadline = time.monotonic() + seconds
        while b"200 OK" not in self._try(
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)
        return self

    def send(self, *pieces: bytes, pause: float = 0.0, seconds: float = 20.0) -> bytes:
        """Send the pieces as they are, end the sending side, and read to the end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused in the middle: what was answered can still be read
            answer = b""
            try:
                while block := connection.recv(1 << 16):
                    answer += block
            except ConnectionResetError:
                pass
            return answer

    def abort(self, *pieces: bytes) -> None:
        """Send the pieces and break the connection off."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        for piece in pieces:
            connection.sendall(piece)
        connection.close()

    def workers(self) -> list[int]:
        """The ids of the processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in children.split()]

    def descriptors(self) -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.workers())

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(5)

    def _try(self, request: bytes) -> bytes:
        try:
            return self.send(request)
        except OSError:
            return b""


def post(path: str, body: bytes, content_type: str, *headers: str, length: int | str | None = None) -> bytes:
    """A POST with a Content-Length, right or wrong."""
    lines = [
        f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Type: {content_type}",
        f"Content-Length: {len(body) if length is None else length}", *headers,
    ]  # fmt: skip
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(path: str, body: bytes, content_type: str, size: int = 4096, end: bytes = b"0\r\n\r\n") -> bytes:
    """A POST in chunks of that size."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return head.encode() + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + end


def status(answer: bytes) -> int:
    """The status of the last answer; 0 if the connection was just closed."""
    found = re.findall(rb"HTTP/1\.[01] (\d+)", answer)
    return int(found[-1]) if found else 0
