"""A TCP proxy before a Bolt server: breaks a connection after its COMMIT went through, or shuts the way."""

import contextlib
import os
import socket
import struct
import threading

SWEEPS = int(os.environ.get("NIF_TEST_SWEEPS", "1"))  # how often tests cut what can be cut, 10 for a long one
COMMIT = b"\x00\x02\xb0\x12\x00\x00"  # the message as Bolt frames it


class CutProxy:
    """Cuts once, at the n-th COMMIT (from 0): the server has it, the client never hears the outcome.

    cut_at: None never cuts. shut: what is connected is reset, and the port refuses; until `open`.
    swallow: while it is set, nothing that comes is passed on, in either direction, and nothing is refused.
    """

    def __init__(self, target: int, cut_at: int | None = None) -> None:
        self.target, self.cut_at = target, cut_at
        self.port = 0
        self.seen = 0
        self.cut = False
        self.swallow = threading.Event()
        self._lock = threading.Lock()
        self._clients: list[socket.socket] = []
        self.open()

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._clients.append(client)
            server = socket.create_connection(("127.0.0.1", self.target))
            broken = threading.Event()
            for run in (self._to_server, self._to_client):
                threading.Thread(target=run, args=(client, server, broken), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket, broken: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if self.swallow.is_set():
                    continue
                if self._is_the_one(data):
                    broken.set()  # before the server can answer
                    server.sendall(data)
                    # RST, so that the client notices at once
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()
                    return
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _is_the_one(self, data: bytes) -> bool:
        with self._lock:
            if COMMIT not in data:
                return False
            self.seen += 1
            self.cut |= self.seen - 1 == self.cut_at
            return self.seen - 1 == self.cut_at

    def _to_client(self, client: socket.socket, server: socket.socket, broken: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if not broken.is_set() and not self.swallow.is_set():
                    client.sendall(data)
        if not broken.is_set():
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
