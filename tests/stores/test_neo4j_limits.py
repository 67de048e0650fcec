"""A server that runs out of memory, vanishes without a word, or is killed while it deletes."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from service.jobs.child_main import answer
from service.neo4j_server.server import LocalServer
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_projection import projected
from service.stores.neo4j_removal import sweep
from service.stores.protocol import AnalysisNotStored, EdgeFilter, Slice, StoreFailed, StoreUnavailable
from tests.networks import flow_network, random_network
from tests.stores.cut_proxy import SWEEPS, CutProxy

HOARD = "UNWIND range(1, 10000000) AS n WITH collect(n) AS kept RETURN size(kept)"
LEFT = "MATCH (n) WHERE n.network IS NOT NULL RETURN count(n)"


@pytest.fixture
def connection(own_server: LocalServer) -> Iterator[Connection]:
    opened = Connection(own_server.bolt_uri, own_server.user, own_server.password)
    yield opened
    opened.close()


@pytest.fixture
def store(own_server: LocalServer) -> Iterator[Neo4jStore]:
    opened = Neo4jStore(own_server.bolt_uri, own_server.user, own_server.password)
    opened.migrate()
    for left in opened.ids():  # by another file's tests of the same server
        opened.delete(left)
    yield opened
    opened.close()


def test_a_transaction_beyond_the_servers_memory_is_no_reason_to_wait_for_it(
    connection: Connection, store: Neo4jStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreFailed, match=r"too little memory.*db\.memory\.transaction\.max"):
        connection.write(HOARD)
    monkeypatch.setattr("service.stores.neo4j_write._TOUCH", HOARD)
    with pytest.raises(StoreFailed, match="too little memory"):
        store.write("a", random_network(1))
    assert store.ids() == []
    assert connection.write(LEFT) == [(0,)]


def test_a_child_tells_a_store_that_failed_from_one_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for error in (StoreFailed("too little memory"), StoreUnavailable("cannot be reached")):

        def fail(*_: object, error: StoreUnavailable = error) -> None:
            raise error

        monkeypatch.setattr("service.jobs.storing.store", fail)
        said.append(answer("storing", {}, lambda _: None))
    assert said == [
        {"unavailable": {"detail": "too little memory", "answers": True}},
        {"unavailable": {"detail": "cannot be reached", "answers": False}},
    ]


def test_a_server_that_vanishes_without_a_word_is_noticed(own_server: LocalServer, store: Neo4jStore) -> None:
    store.write("a", random_network(1))
    way = CutProxy(own_server.options.bolt_port)
    far = Neo4jStore(f"bolt://127.0.0.1:{way.port}", own_server.user, own_server.password)
    assert far.ids() == ["a"]
    way.swallow.set()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"cannot be reached|failed"):
        far.edges("a", EdgeFilter(), Slice())
    assert time.monotonic() - began < 20
    way.swallow.clear()
    assert far.ids() == ["a"], "and is found again"
    far.close()
    way.shut()
    store.delete("a")


def test_projections_of_queries_that_were_killed_are_gone(connection: Connection, store: Neo4jStore) -> None:
    store.write("a", flow_network([60, 60], {(0, 1): np.full((60, 60), 0.5)}))
    kill = (
        "SHOW TRANSACTIONS YIELD transactionId AS id, currentQuery AS q WHERE q STARTS WITH 'UNWIND range'"
        " TERMINATE TRANSACTION id YIELD message RETURN message"
    )
    project = "MATCH (a:Neuron) RETURN gds.graph.project($name, a, null).nodeCount"
    for _ in range(3 * SWEEPS):
        stopped = threading.Event()

        def killer(stopped: threading.Event = stopped) -> None:
            while not stopped.wait(0.05):
                connection.write(kill)

        thread = threading.Thread(target=killer)
        thread.start()
        try:
            with (
                pytest.raises(StoreUnavailable),
                connection.reading(30) as read,
                projected(connection, read, project),
            ):
                read.rows("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(sin(a + b))")
        finally:
            stopped.set()
            thread.join()
    assert connection.write("CALL gds.graph.list() YIELD graphName RETURN graphName") == []
    store.delete("a")


def test_a_server_that_is_killed_in_a_deletion_shows_nothing_and_the_rest_is_swept(
    own_server: LocalServer, connection: Connection, store: Neo4jStore
) -> None:
    store.write("a", flow_network([300, 200], {(0, 1): np.full((300, 200), 0.5)}))
    failed: list[Exception] = []

    def delete() -> None:
        try:
            store.delete("a")
        except StoreUnavailable as error:
            failed.append(error)

    deletion = threading.Thread(target=delete)
    deletion.start()
    while not connection.write("MATCH (:Unfinished) RETURN 1"):
        time.sleep(0.005)
    own_server.kill()
    deletion.join()
    assert failed, "60,000 edges are deleted in several transactions"
    own_server.start()
    with pytest.raises(AnalysisNotStored):
        store.edges("a", EdgeFilter(), Slice())
    assert store.ids() == []
    assert connection.write(LEFT)[0][0] > 0
    sweep(connection, 900)  # a deletion that stopped half way is nobody's at once
    assert connection.write(LEFT) == [(0,)]
    store.write("a", random_network(1))
    assert store.ids() == ["a"]
    store.delete("a")
