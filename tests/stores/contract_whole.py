"""A network is stored whole or not at all."""

import threading
from dataclasses import asdict, replace

import numpy as np
import pytest

from estimator.graph.describe import describe
from service.stores.protocol import (
    AnalysisNotStored,
    EdgeFilter,
    GraphStore,
    NeuronFilter,
    Slice,
)
from tests.networks import flow_network, probe, random_network
from tests.same import assert_same
from tests.stores.asking import ALL


class WholeOrAbsent:
    """See `tests.stores.contract`."""

    def test_a_network_comes_back_equal_to_the_last_bit(self, store: GraphStore) -> None:
        network = random_network(1)
        network = replace(network, probes=(probe(network), probe(network, "age", 2)))
        store.write("a", network)
        assert_same(store.network("a"), network)

    def test_what_is_not_stored_is_said_so_by_every_question(self, store: GraphStore) -> None:
        assert not store.exists("a")
        assert store.ids() == []
        questions = [
            lambda: store.network("a"),
            lambda: store.facts("a"),
            lambda: store.neurons("a", NeuronFilter(), ALL),
            lambda: store.edges("a", EdgeFilter(), ALL),
            lambda: store.communities("a"),
            lambda: store.paths("a", "0:0", "1:0", 1),
            lambda: store.attributions("a"),
            lambda: store.probes("a"),
        ]
        for question in questions:
            with pytest.raises(AnalysisNotStored):
                question()

    def test_writing_again_changes_nothing(self, store: GraphStore) -> None:
        first, other = random_network(1), random_network(2)
        store.write("a", first)
        before = asdict(store.edges("a", EdgeFilter(flow=None), ALL))
        store.write("a", other)
        assert_same(store.network("a"), first)
        assert asdict(store.edges("a", EdgeFilter(flow=None), ALL)) == before

    def test_a_deleted_network_is_gone_and_others_stay(self, store: GraphStore) -> None:
        store.write("b", random_network(2))
        store.write("a", random_network(1))
        assert store.ids() == ["a", "b"]
        store.delete("a")
        store.delete("a")
        store.delete("never there")
        assert store.ids() == ["b"]
        assert not store.exists("a")
        assert_same(store.network("b"), random_network(2))

    def test_an_id_is_free_again_after_its_deletion(self, store: GraphStore) -> None:
        store.write("a", random_network(1, beta=0.3))
        store.neurons("a", NeuronFilter(), ALL, beta=0.1)
        store.delete("a")
        store.write("a", random_network(2, beta=0.3))
        expected = describe(random_network(2, beta=0.3).at_beta(0.1))
        found = store.neurons("a", NeuronFilter(), ALL, beta=0.1).rows
        assert [row.betweenness for row in found] == pytest.approx(
            np.concatenate(expected.betweenness).tolist(), rel=1e-9
        )

    def test_a_reader_sees_the_whole_network_or_none(self, store: GraphStore, second: GraphStore) -> None:
        network = flow_network([40, 50, 20], {(0, 1): np.full((40, 50), 0.5), (1, 2): np.full((50, 20), 0.5)})
        seen: set[tuple[int, int] | None] = set()
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                try:
                    edges = second.edges("a", EdgeFilter(), Slice(limit=1)).total
                    neurons = second.neurons("a", NeuronFilter(), Slice(limit=1)).total
                    seen.add((edges, neurons))
                except AnalysisNotStored:
                    seen.add(None)

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(3):
            store.write("a", network)
            store.delete("a")
        done.set()
        reader.join()
        assert seen <= {None, (3000, 110)}

    def test_two_writers_of_one_analysis_leave_one_network(
        self, store: GraphStore, second: GraphStore
    ) -> None:
        network = random_network(3, layers=5, width=20)
        start = threading.Barrier(2)
        failed: list[Exception] = []

        def write(client: GraphStore) -> None:
            start.wait()
            try:
                client.write("a", network)
            except Exception as error:  # noqa: BLE001  reported below
                failed.append(error)

        writers = [threading.Thread(target=write, args=(client,)) for client in (store, second)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert failed == []
        assert store.ids() == ["a"]
        assert store.edges("a", EdgeFilter(flow=None), Slice(limit=0)).total == network.edges_measured
