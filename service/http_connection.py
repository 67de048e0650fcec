"""A client's connection, cut when the client keeps a thread waiting; gunicorn alone would wait for ever."""

import errno
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger("nif.api")

PIECE = 1 << 16
# How long a client may take to read a piece, or to go on sending; the second while others wait for a thread.
PATIENCE_SECONDS = 30.0
CROWDED_SECONDS = 5.0
LOOK_SECONDS = 0.5


class Connection(socket.socket):
    """In place of the socket that it is made of, which is closed. crowded: whether others wait for a thread.

    A client that is too slow gets a ConnectionResetError here, as if it had gone.
    """

    def __init__(self, of: socket.socket, crowded: Callable[[], bool]) -> None:
        super().__init__(of.family, of.type, of.proto, fileno=of.detach())
        self._crowded = crowded

    def setblocking(self, flag: bool) -> None:
        """To block is to wait, and to look in between for how long."""
        self.settimeout(LOOK_SECONDS if flag else 0.0)

    def recv(self, size: int, flags: int = 0) -> bytes:
        began = time.monotonic()
        while True:
            try:
                return super().recv(size, flags)
            except TimeoutError:
                if self.gettimeout() != LOOK_SECONDS:
                    raise  # gunicorn has a time of its own for what is left of a body
                self._check(began, "sent nothing more")

    def sendall(self, data: Any, flags: int = 0) -> None:
        rest = memoryview(data)
        while rest:
            piece, rest = rest[:PIECE], rest[PIECE:]
            began = time.monotonic()
            while piece:
                with suppress(TimeoutError):
                    piece = piece[self.send(piece, flags) :]
                if piece:
                    self._check(began, "reads too slowly")

    def _check(self, began: float, what: str) -> None:
        waited = time.monotonic() - began
        if waited > PATIENCE_SECONDS or (waited > CROWDED_SECONDS and self._crowded()):
            log.info("connection cut", reason=f"the client {what}", seconds=round(waited, 1))
            raise ConnectionResetError(errno.ECONNRESET, f"the client {what}")
