"""Sorted pages show every row once; what cannot be asked is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from estimator.errors import InvalidParameter
from service.stores.protocol import (
    EDGE_SORTS,
    NEURON_SORTS,
    EdgeFilter,
    GraphStore,
    NeuronFilter,
    Slice,
)
from tests.networks import flow_network, random_network
from tests.stores.asking import ALL, in_order, key_of, pages


class Pages:
    """See `tests.stores.contract`."""

    @pytest.mark.parametrize("way", ["", "-"])
    @pytest.mark.parametrize("sort", EDGE_SORTS)
    def test_edges_are_sorted_paged_and_each_seen_once(self, store: GraphStore, sort: str, way: str) -> None:
        network = random_network(8, layers=4, width=6, density=0.6, beta=0.4)
        first = network.edges[0]
        undefined = np.arange(first.mi.size).reshape(first.mi.shape) % 2 == 0
        changed = {
            name: np.where(undefined, np.nan, getattr(first, name))
            for name in ("se", "ci_low", "ci_high", "p_value")
        }
        store.write("a", replace(network, edges=(replace(first, **changed), *network.edges[1:])))
        everything = store.edges("a", EdgeFilter(flow=None), ALL).rows
        page = Slice(way + sort, limit=7)
        found = [
            row for p in pages(lambda s: store.edges("a", EdgeFilter(flow=None), s), page) for row in p.rows
        ]
        ids = {row: (key_of(row.source), key_of(row.consumer)) for row in everything}
        expected = in_order(everything, sort, way, ids)
        assert found == expected
        assert list(store.edges("a", EdgeFilter(flow=None), Slice(way + sort, limit=None)).rows) == expected

    @pytest.mark.parametrize("way", ["", "-"])
    @pytest.mark.parametrize("sort", NEURON_SORTS)
    def test_neurons_are_sorted_paged_and_each_seen_once(
        self, store: GraphStore, sort: str, way: str
    ) -> None:
        network = random_network(4, layers=4, width=9, density=0.15)
        mean = np.linspace(0, 1, network.layers[0].size)
        mean[::2] = np.nan
        facts = (replace(network.facts[0], mean=mean, sd=mean * 2, zeros=mean * 3), *network.facts[1:])
        store.write("a", replace(network, facts=facts))
        everything = store.neurons("a", NeuronFilter(), ALL).rows
        found = [
            row
            for p in pages(lambda s: store.neurons("a", NeuronFilter(), s), Slice(way + sort, limit=4))
            for row in p.rows
        ]
        assert found == in_order(everything, sort, way, {row: key_of(row.id) for row in everything})

    @pytest.mark.parametrize("sort", ["nif", "-nif", "q_value", "-id", "id", "-mi"])
    def test_two_thousand_equal_edges_are_paged_in_order_of_their_ids(
        self, store: GraphStore, sort: str
    ) -> None:
        store.write("a", flow_network([40, 50], {(0, 1): np.full((40, 50), 0.25)}))
        seen = [
            (key_of(row.source)[1], key_of(row.consumer)[1])
            for p in pages(lambda s: store.edges("a", EdgeFilter(), s), Slice(sort, limit=300))
            for row in p.rows
        ]
        expected = [(i, k) for i in range(40) for k in range(50)]
        assert seen == (expected[::-1] if sort == "-id" else expected)

    @pytest.mark.parametrize("sort", ["__class__", "nif;x", "", "-", "--nif", "source", "nif desc"])
    def test_an_unknown_sort_is_refused(self, store: GraphStore, sort: str) -> None:
        store.write("a", flow_network([1, 1], {(0, 1): [[1]]}))
        for ask in (
            lambda: store.edges("a", EdgeFilter(), Slice(sort)),
            lambda: store.neurons("a", NeuronFilter(), Slice(sort)),
        ):
            with pytest.raises(InvalidParameter) as caught:
                ask()
            assert caught.value.errors[0].field == "sort"

    @pytest.mark.parametrize(
        "after",
        [(), (1.0,), (1.0, "0:0"), (1.0, "0:0", "9:9"), (1.0, 0, 0), ([], "0:0", "1:0"), ("0:0", "1:0")],
    )
    def test_a_page_that_continues_nothing_is_refused(
        self, store: GraphStore, after: tuple[Any, ...]
    ) -> None:
        store.write("a", flow_network([1, 1], {(0, 1): [[1]]}))
        with pytest.raises(InvalidParameter) as caught:
            store.edges("a", EdgeFilter(), Slice("nif", after=after))
        assert caught.value.errors[0].field == "after"

    @pytest.mark.parametrize("neuron", ["9:9", "x", "'; DROP TABLE edges", "0:00", "(a+)+$", "%"])
    def test_an_unknown_neuron_is_refused_by_name(self, store: GraphStore, neuron: str) -> None:
        store.write("a", flow_network([1, 1], {(0, 1): [[1]]}))
        questions = {
            "source": [
                lambda: store.edges("a", EdgeFilter(source=neuron), ALL),
                lambda: store.paths("a", neuron, "1:0", 1),
                lambda: store.attributions("a", source=neuron),
            ],
            "consumer": [lambda: store.edges("a", EdgeFilter(consumer=neuron), ALL)],
            "target": [
                lambda: store.paths("a", "0:0", neuron, 1),
                lambda: store.attributions("a", target=neuron),
            ],
        }
        for field, asks in questions.items():
            for ask in asks:
                with pytest.raises(InvalidParameter) as caught:
                    ask()
                assert caught.value.errors[0].field == field
