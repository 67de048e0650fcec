"""The connection breaks between a COMMIT and its answer, at each COMMIT of a write in turn."""

import time

import pytest

from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_removal import sweep
from service.stores.protocol import EdgeFilter, Slice, StoreUnavailable
from tests.networks import random_network
from tests.same import assert_same
from tests.stores.cut_proxy import SWEEPS, CutProxy
from tests.stores.neo4j_server import Server

ROUNDS = 100  # more than a write of this network has COMMITs


@pytest.mark.parametrize("seed", range(2, 2 + SWEEPS))
def test_a_commit_whose_answer_is_lost_is_neither_lost_nor_done_twice(
    neo4j_server: Server, seed: int
) -> None:
    direct = neo4j_server.open()
    direct.migrate()
    for analysis_id in direct.ids():
        direct.delete(analysis_id)
    connection = Connection(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    sweep(connection, 0)
    network = random_network(seed)
    already_there = 0
    for cut_at in range(ROUNDS):
        proxy = CutProxy(neo4j_server.port, cut_at)
        store = Neo4jStore(f"bolt://127.0.0.1:{proxy.port}", neo4j_server.user, neo4j_server.password)
        failed = _fails(store, network)
        if not proxy.cut:
            assert not failed
            break
        _wait_for_idle(connection)  # the server may be at the COMMIT yet
        already_there += failed and direct.exists("a")
        store.write("a", network)  # as the job's next attempt does
        assert direct.ids() == ["a"]
        assert_same(direct.network("a"), network)
        assert direct.edges("a", EdgeFilter(flow=None), Slice(limit=0)).total == network.edges_measured
        sweep(connection, 0)
        assert connection.write("MATCH (n:Neuron) RETURN count(n)") == [(network.neurons_total,)]
        assert connection.write("MATCH (n:Chunk) RETURN count(DISTINCT n.network)") == [(1,)]
        direct.delete("a")
        store.close()
        proxy.shut()
    assert cut_at >= 6, "every batch of a write ends in a COMMIT of its own"
    assert already_there == 1, "only the last COMMIT makes the network visible"
    store.close()
    proxy.shut()
    direct.delete("a")
    connection.close()
    direct.close()


def _wait_for_idle(connection: Connection) -> None:
    until = time.monotonic() + 30
    while connection.write("SHOW TRANSACTIONS YIELD transactionId RETURN count(*)") != [(1,)]:
        assert time.monotonic() < until, "a transaction of the cut connection stays open"
        time.sleep(0.02)


def _fails(store: Neo4jStore, network: object) -> bool:
    try:
        store.write("a", network)  # type: ignore[arg-type]
    except StoreUnavailable:
        return True
    return False
