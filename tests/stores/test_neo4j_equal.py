"""What the database computes is what the embedded store computes, on random DAGs with skip connections."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from estimator.graph.describe import describe
from estimator.network import FlowNetwork
from service.stores import neo4j_attributions, neo4j_paths
from service.stores.embedded import EmbeddedStore
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_graph_facts import graph_facts
from service.stores.neo4j_projection import drop_stale
from service.stores.protocol import EdgeFilter, NeuronFilter
from tests.networks import flow_network, probe, random_network
from tests.stores.asking import ALL
from tests.stores.neo4j_server import Server


@pytest.fixture(scope="module")
def both(
    neo4j_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Neo4jStore, EmbeddedStore]]:
    neo4j = neo4j_server.open()
    embedded = EmbeddedStore(tmp_path_factory.mktemp("embedded") / "nif.db")
    for store in (neo4j, embedded):
        store.migrate()
    yield neo4j, embedded
    neo4j.close()


@pytest.fixture
def connection(neo4j_server: Server) -> Iterator[Connection]:
    opened = Connection(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    yield opened
    opened.close()


def projections(connection: Connection) -> int:
    with connection.reading() as read:
        return len(read.rows("CALL gds.graph.list() YIELD graphName RETURN graphName"))


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no answer be worked out in this process."""

    def answer(*_: object) -> None:
        raise AssertionError("answered in this process")

    monkeypatch.setattr("service.stores.answers.paths", answer)
    monkeypatch.setattr("service.stores.answers.attribution_rows", answer)
    monkeypatch.setattr("service.stores.neo4j_graph_facts.describe", answer)


networks = st.builds(
    random_network,
    seed=st.integers(0, 2**32 - 1),
    layers=st.integers(2, 6),
    width=st.integers(1, 7),
    density=st.floats(0.2, 1.0),
    beta=st.sampled_from([0.0, 0.3]),
)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(network=networks, beta=st.sampled_from([None, 0.1]), k=st.integers(1, 30))
def test_both_stores_answer_the_same(
    both: tuple[Neo4jStore, EmbeddedStore], network: FlowNetwork, beta: float | None, k: int
) -> None:
    neo4j, embedded = both
    for store in both:
        store.delete("a")
        store.write("a", network)
    for name in ("betweenness", "betweenness_weighted"):
        found, wanted = (np.concatenate(getattr(store.facts("a", beta), name)) for store in both)
        assert found == pytest.approx(wanted, rel=1e-9, abs=0)
    found, wanted = (store.attributions("a", beta=beta) for store in both)
    assert [replace(row, attribution=0.0) for row in found] == [
        replace(row, attribution=0.0) for row in wanted
    ]
    assert [row.attribution for row in found] == pytest.approx(
        [row.attribution for row in wanted], rel=1e-9, abs=0
    )
    last = len(network.layers) - 1
    for target in (f"{last}:0", f"{last}:{network.layers[last].size - 1}"):
        assert neo4j.paths("a", "0:0", target, k, beta) == embedded.paths("a", "0:0", target, k, beta)
    found, wanted = (store.facts("a", beta).modularity for store in both)
    assert (found is None) == (wanted is None)
    assert wanted is None or found >= wanted - 0.01 * abs(wanted)
    assert neo4j.edges("a", EdgeFilter(flow=None), ALL, beta) == embedded.edges(
        "a", EdgeFilter(flow=None), ALL, beta
    )
    flows = [
        [(n.id, n.out_flow, n.in_flow) for n in s.neurons("a", NeuronFilter(), ALL, beta).rows] for s in both
    ]
    assert flows[0] == flows[1]


def test_the_database_answers_and_keeps_no_projection(
    both: tuple[Neo4jStore, EmbeddedStore], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    neo4j, _ = both
    network = random_network(3, layers=5, width=6)
    neo4j.delete("a")
    expected = describe(network)
    forbid(monkeypatch)
    neo4j.write("a", network)
    last = f"4:{network.layers[4].size - 1}"
    assert neo4j.paths("a", "0:0", last, 10)
    assert neo4j.attributions("a")
    assert neo4j.facts("a", 0.2).modularity is not None
    found = neo4j.facts("a")
    assert np.concatenate(found.betweenness) == pytest.approx(np.concatenate(expected.betweenness), rel=1e-9)
    assert projections(connection) == 0


def test_a_projection_is_dropped_when_its_question_is_cut(
    both: tuple[Neo4jStore, EmbeddedStore], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    neo4j, _ = both
    neo4j.delete("a")
    neo4j.write("a", random_network(3, layers=5, width=6))
    monkeypatch.setattr("service.stores.neo4j_paths._YEN", "UNWIND range(1, 10) AS x RETURN 1 / (x - 3)")
    with pytest.raises(Exception, match="by zero"):
        neo4j.paths("a", "0:0", "4:0", 10)
    assert projections(connection) == 0


def test_equal_paths_beyond_the_spare_ones_come_in_the_order_of_their_neurons(
    both: tuple[Neo4jStore, EmbeddedStore],
) -> None:
    neo4j, embedded = both
    network = flow_network([2, 30, 2], {(0, 1): np.full((2, 30), 0.5), (1, 2): np.full((30, 2), 0.5)})
    for store in both:
        store.delete("a")
        store.write("a", network)
    assert neo4j.paths("a", "0:0", "2:1", 5) == embedded.paths("a", "0:0", "2:1", 5)
    assert neo4j.paths("a", "0:0", "2:1", 30) == embedded.paths("a", "0:0", "2:1", 30)


def test_questions_too_large_for_cypher_are_answered_all_the_same(
    both: tuple[Neo4jStore, EmbeddedStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    neo4j, embedded = both
    network = random_network(5, layers=4, width=5)
    for store in both:
        store.delete("a")
        store.write("a", network)
    monkeypatch.setattr(neo4j_attributions, "PRODUCTS", 0)
    monkeypatch.setattr(neo4j_paths, "YENS", 0)
    assert neo4j.attributions("a") == embedded.attributions("a")
    assert neo4j.paths("a", "0:0", "3:0", 4) == embedded.paths("a", "0:0", "3:0", 4)


def test_more_shortest_paths_than_64_bits_count_are_not_left_to_gds(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    width, layers = 30, 15
    network = flow_network(
        [width] * layers, {(i, i + 1): np.full((width, width), 0.5) for i in range(layers - 1)}
    )
    facts = graph_facts(connection, "nobody's", network, 10)
    # Between any two neurons, paths run evenly through each layer in between: one share of 1/30 each.
    middle = sum(width * width for _ in range(7 * 7)) / width
    assert facts.betweenness[7] == pytest.approx(np.full(width, middle))


def test_the_models_that_hear_about_a_probe_are_one_question(both: tuple[Neo4jStore, EmbeddedStore]) -> None:
    neo4j, _ = both
    neo4j.delete("a")
    base = random_network(1)
    heard = probe(base, "sex")
    neo4j.write("loud", replace(base, probes=(heard, probe(base, "age", 5))))
    muffled = tuple(replace(v, q_value=np.full_like(v.q_value, 0.5)) for v in heard.values)
    record = dict(base.provenance) | {"model_sha256": "2" * 64}
    neo4j.write("quiet", replace(base, probes=(replace(heard, values=muffled),), provenance=record))
    last = heard.values[-1]
    wanted = sorted((mi for mi in last.mi.tolist() if mi > 0.05), reverse=True)
    assert wanted
    found = neo4j.models_that_hear("sex", 0.05)
    assert [row.mi for row in found] == wanted
    assert {(row.model, row.dataset, row.analysis) for row in found} == {("0" * 64, "1" * 64, "loud")}
    assert all(row.neuron.startswith("3:") for row in found)
    assert neo4j.models_that_hear("sex", 1.0) == []
    for name in ("loud", "quiet"):
        neo4j.delete(name)


def test_projections_of_killed_processes_are_dropped_and_others_kept(connection: Connection) -> None:
    make = "UNWIND [1] AS x MATCH (a) WITH a LIMIT 1 RETURN gds.graph.project($name, a, null)"
    connection.write("CREATE (:Left {network: 'of the test'}) RETURN 1")
    with connection.reading() as read:
        for name in ("nif-left-by-the-killed", "somebody else's"):
            read.rows(make, name=name)
        drop_stale(read, 3600)
        assert len(read.rows("CALL gds.graph.list() YIELD graphName RETURN graphName")) == 2
        drop_stale(read, -1)
        assert read.rows("CALL gds.graph.list() YIELD graphName RETURN graphName") == [("somebody else's",)]
        read.rows("CALL gds.graph.drop($name) YIELD graphName RETURN graphName", name="somebody else's")
    connection.write("MATCH (n:Left) DELETE n RETURN 1")
