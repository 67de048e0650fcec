"""A client that is too slow: cut off in time, and not before."""

import socket
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from service import http_connection
from service.http_connection import PIECE, Connection

WHOLE = b"x" * (20 * PIECE)


class Pair:
    """A connection as gunicorn holds it while it answers, and the client's end."""

    crowded = False

    def __init__(self) -> None:
        served, self.client = socket.socketpair()
        for end, option in ((served, socket.SO_SNDBUF), (self.client, socket.SO_RCVBUF)):
            end.setsockopt(socket.SOL_SOCKET, option, PIECE // 4)
        self.connection = Connection(served, lambda: self.crowded)
        self.connection.setblocking(True)


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    for name, seconds in (("PATIENCE", 1.0), ("CROWDED", 0.2), ("LOOK", 0.05)):
        monkeypatch.setattr(http_connection, f"{name}_SECONDS", seconds)
    pair = Pair()
    yield pair
    pair.connection.close()
    pair.client.close()


@pytest.mark.parametrize(("crowded", "least", "most"), [(False, 1.0, 5.0), (True, 0.2, 0.9)])
@pytest.mark.parametrize("reads", [True, False])
def test_a_client_that_makes_a_thread_wait_is_cut(
    pair: Pair, reads: bool, crowded: bool, least: float, most: float
) -> None:
    pair.crowded = crowded
    began = time.monotonic()
    with pytest.raises(ConnectionResetError, match="too slowly" if reads else "nothing more"):
        if reads:
            pair.connection.sendall(WHOLE)
        else:
            pair.connection.recv(10)
    assert least <= time.monotonic() - began < most


def test_a_client_that_is_slow_and_goes_on_gets_all(pair: Pair) -> None:
    got = bytearray()

    def read() -> None:
        while len(got) < len(WHOLE):
            got.extend(pair.client.recv(PIECE // 2))
            time.sleep(0.06)

    reader = Thread(target=read)
    reader.start()
    began = time.monotonic()
    pair.connection.sendall(WHOLE)
    assert time.monotonic() - began > http_connection.PATIENCE_SECONDS
    reader.join(10)
    assert bytes(got) == WHOLE
    pair.client.sendall(b"more")
    assert pair.connection.recv(10) == b"more"


def test_a_time_that_another_sets_holds(pair: Pair) -> None:
    pair.connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        pair.connection.recv(10)
