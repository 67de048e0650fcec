"""What a server can do to its clients: be away, be killed, be of another version, hold leftovers."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from service.neo4j_server.server import LocalServer
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_removal import sweep
from service.stores.protocol import EdgeFilter, Slice, StoreUnavailable
from tests.networks import flow_network, random_network
from tests.same import assert_same
from tests.stores.neo4j_server import Server, free_port

SECRET = "not-the-password"


@pytest.fixture
def connection(own_server: LocalServer) -> Iterator[Connection]:
    opened = Connection(own_server.bolt_uri, own_server.user, own_server.password)
    yield opened
    opened.close()


def store_on(server: LocalServer) -> Neo4jStore:
    return Neo4jStore(server.bolt_uri, server.user, server.password)


def test_a_server_that_is_killed_in_mid_write_keeps_the_network_whole_or_absent(
    own_server: LocalServer, connection: Connection
) -> None:
    store = store_on(own_server)
    store.migrate()
    store.write("before", random_network(1))
    network = flow_network([300, 200], {(0, 1): np.random.default_rng(0).uniform(0.1, 1, (300, 200))})
    failed: list[Exception] = []

    def write() -> None:
        try:
            store.write("a", network)
        except StoreUnavailable as error:
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    while not connection.write("MATCH (:Unfinished) RETURN 1"):
        time.sleep(0.01)
    time.sleep(0.3)
    own_server.kill()
    writer.join()
    with pytest.raises(StoreUnavailable, match=r"cannot be reached|failed"):
        store.ids()

    own_server.start()
    assert failed or store.ids() == ["a", "before"]
    if failed:
        assert store.ids() == ["before"]
    store.write("a", network)
    assert store.ids() == ["a", "before"]
    assert_same(store.network("a"), network)
    assert store.edges("a", EdgeFilter(flow=None), Slice(limit=0)).total == 60_000
    sweep(connection, 0)
    counts = connection.write("MATCH (n:Neuron) RETURN count(n)")
    assert counts == [(500 + random_network(1).neurons_total,)]
    store.close()


def test_a_worker_whose_copy_was_swept_fails_and_leaves_nothing(
    neo4j_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = neo4j_server.open()
    store.migrate()
    connection = Connection(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    monkeypatch.setattr(
        "service.stores.neo4j_write.CopyWriter.probes", lambda self, network: sweep(connection, 0)
    )
    with pytest.raises(StoreUnavailable, match="removed from Neo4j while it was written"):
        store.write("a", random_network(1))
    assert store.ids() == []
    assert connection.write("MATCH (n) WHERE n.network IS NOT NULL RETURN count(n)") == [(0,)]
    connection.close()
    store.close()


def test_deleting_leaves_no_node_of_a_network_and_no_lineage_of_its_own(neo4j_server: Server) -> None:
    store = neo4j_server.open()
    store.migrate()
    connection = Connection(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    store.write("a", random_network(1))
    store.write("b", random_network(2))
    lineage = "MATCH (a:Analysis)-[:OF_MODEL]->(m:Model)<-[:OF_MODEL]-(b) WHERE a.id < b.id RETURN a.id, b.id"
    assert connection.write(lineage) == [("a", "b")]
    store.delete("a")
    assert connection.write("MATCH (m:Model) RETURN count(m)") == [(1,)]
    store.delete("b")
    everything = "MATCH (n) WHERE NOT n:__Neo4jMigration AND NOT n:SchemaLock RETURN count(n)"
    assert connection.write(everything) == [(0,)]
    connection.close()
    store.close()


def test_a_query_that_takes_too_long_is_cut(neo4j_server: Server) -> None:
    connection = Connection(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match="time limit"), connection.reading(1) as read:
        read.rows("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(sin(a + b))")
    assert time.monotonic() - started < 10
    connection.close()


def test_a_server_that_is_away_or_refuses_us_is_said_so_without_secrets(neo4j_server: Server) -> None:
    away = Neo4jStore(f"bolt://127.0.0.1:{free_port()}", "neo4j", SECRET)
    stranger = Neo4jStore(neo4j_server.uri, "neo4j", SECRET)
    for store, words in ((away, "cannot be reached"), (stranger, "refuses user and password")):
        for ask in (store.ping, store.ids, store.migrate, lambda s=store: s.write("a", random_network(1))):
            with pytest.raises(StoreUnavailable, match=words) as caught:
                ask()
            assert SECRET not in caught.value.detail
        store.close()
