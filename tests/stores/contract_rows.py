"""Rows say what was measured, filters let through what they say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from estimator.graph.describe import describe
from service.stores.protocol import (
    EdgeFilter,
    GraphStore,
    NeuronFilter,
    Slice,
)
from tests.networks import flow_network, random_network
from tests.stores.asking import ALL, key_of


class Rows:
    """See `tests.stores.contract`."""

    def test_neurons_say_what_is_known_of_them(self, store: GraphStore) -> None:
        network = random_network(5, layers=4, width=5, density=0.3)
        store.write("a", network)
        facts = describe(network)
        rows = store.neurons("a", NeuronFilter(), ALL).rows
        assert len(rows) == network.neurons_total
        assert [key_of(row.id) for row in rows] == sorted(key_of(row.id) for row in rows)
        for row in rows:
            layer, index = key_of(row.id)
            out = sum(
                nif[index].sum()
                for e, nif in zip(network.edges, network.nif, strict=True)
                if e.source == layer
            )
            into = sum(
                nif[:, index].sum()
                for e, nif in zip(network.edges, network.nif, strict=True)
                if e.consumer == layer
            )
            assert row.out_flow == pytest.approx(out)
            assert row.in_flow == pytest.approx(into)
            assert (row.community is None) == (facts.community[layer][index] < 0)
            assert replace(row, out_flow=0.0, in_flow=0.0, community=None) == type(row)(
                id=f"{layer}:{index}", layer=layer, layer_name=f"layer{layer}", index=index,
                name=f"layer{layer}.{index}", mean=0.5, sd=0.25, zeros=0.02,
                redundancy=network.redundancy[layer][index],
                betweenness=pytest.approx(facts.betweenness[layer][index], rel=1e-9),
                betweenness_weighted=pytest.approx(facts.betweenness_weighted[layer][index], rel=1e-9),
                community=None, silent=network.silent[layer][index],
                out_flow=0.0, in_flow=0.0,
            )  # fmt: skip

    def test_edges_say_what_was_measured(self, store: GraphStore) -> None:
        network = random_network(5, layers=4, width=5, density=0.5, beta=0.4)
        store.write("a", network)
        rows = store.edges("a", EdgeFilter(flow=None), ALL).rows
        assert len(rows) == network.edges_measured
        found = {(row.source, row.consumer): row for row in rows}
        for edges, nif in zip(network.edges, network.nif, strict=True):
            for i, k in np.ndindex(nif.shape):
                row = found[f"{edges.source}:{i}", f"{edges.consumer}:{k}"]
                assert row.source_name == f"layer{edges.source}.{i}"
                assert row.consumer_name == f"layer{edges.consumer}.{k}"
                assert row.nif == nif[i, k]
                for name in (
                    "mi",
                    "se",
                    "ci_low",
                    "ci_high",
                    "p_value",
                    "q_value",
                    "saturated",
                    "lower_bound",
                ):
                    assert getattr(row, name) == getattr(edges, name)[i, k]
                assert row.method == "convex"

    @pytest.mark.parametrize(("limit", "found"), [(None, 4), (5, 4), (4, 4), (3, 3), (1, 1), (0, 0)])
    def test_a_limit_is_exact_and_the_total_counts_all(
        self, store: GraphStore, limit: int | None, found: int
    ) -> None:
        store.write("a", flow_network([2, 2], {(0, 1): [[1, 2], [3, 4]]}))
        page = store.edges("a", EdgeFilter(), Slice(limit=limit))
        assert len(page.rows) == found
        assert page.total == 4
        assert (page.last is None) == (found in (4, 0))
        page = store.neurons("a", NeuronFilter(), Slice(limit=limit))
        assert len(page.rows) == found
        assert page.total == 4

    def test_edge_filters_let_through_what_they_say(self, store: GraphStore) -> None:
        network = random_network(8, layers=5, width=6, density=0.5, beta=0.4)
        first = network.edges[0]
        saturated = np.arange(first.mi.size).reshape(first.mi.shape) % 3 == 0
        network = replace(network, edges=(replace(first, saturated=saturated), *network.edges[1:]))
        store.write("a", network)
        rows = store.edges("a", EdgeFilter(flow=None), ALL).rows
        flowing = [row for row in rows if row.nif > 0]
        middle = sorted(row.nif for row in flowing)[len(flowing) // 2]
        checks: list[tuple[EdgeFilter, Any]] = [
            (EdgeFilter(), lambda row: row.nif > 0),
            (EdgeFilter(flow=False), lambda row: row.nif == 0),
            (EdgeFilter(flow=None, layer=1), lambda row: key_of(row.source)[0] == 1),
            (EdgeFilter(flow=None, layer=77), lambda row: False),
            (EdgeFilter(flow=None, layer=10**20), lambda row: False),
            (EdgeFilter(flow=None, source="1:0"), lambda row: row.source == "1:0"),
            (EdgeFilter(flow=None, consumer="2:0"), lambda row: row.consumer == "2:0"),
            (EdgeFilter(min_nif=middle), lambda row: row.nif >= middle),
            (EdgeFilter(flow=None, min_nif=0.0), lambda row: True),
            (EdgeFilter(flow=None, min_mi=middle), lambda row: row.mi >= middle),
            (EdgeFilter(flow=None, max_q=0.01), lambda row: row.q_value <= 0.01),
            (EdgeFilter(flow=None, saturated=True), lambda row: row.saturated),
            (EdgeFilter(flow=None, saturated=False), lambda row: not row.saturated),
            (EdgeFilter(layer=0, min_nif=middle, saturated=False),
             lambda row: key_of(row.source)[0] == 0 and row.nif >= middle and not row.saturated),
        ]  # fmt: skip
        for where, passes in checks:
            expected = [row for row in rows if passes(row)]
            page = store.edges("a", where, ALL)
            assert list(page.rows) == expected, where
            assert page.total == len(expected)

    def test_neuron_filters_let_through_what_they_say(self, store: GraphStore) -> None:
        network = random_network(8, layers=5, width=6, density=0.15)
        dead = replace(network.facts[1], constant=np.ones(network.layers[1].size, dtype=bool))
        network = replace(network, facts=(network.facts[0], dead, *network.facts[2:]))
        store.write("a", network)
        rows = store.neurons("a", NeuronFilter(), ALL).rows
        assert {row.silent for row in rows} == {None, "constant", "uninformative"}
        checks: list[tuple[NeuronFilter, Any]] = [
            (NeuronFilter(layer=2), lambda row: row.layer == 2),
            (NeuronFilter(silent="constant"), lambda row: row.silent == "constant"),
            (NeuronFilter(silent="uninformative"), lambda row: row.silent == "uninformative"),
            (NeuronFilter(silent="any"), lambda row: row.silent is not None),
            (NeuronFilter(silent="none"), lambda row: row.silent is None),
            (NeuronFilter(community=0), lambda row: row.community == 0),
            (NeuronFilter(community=99), lambda row: False),
            (NeuronFilter(layer=1, silent="any"), lambda row: row.layer == 1 and row.silent is not None),
        ]
        for where, passes in checks:
            expected = [row for row in rows if passes(row)]
            page = store.neurons("a", where, ALL)
            assert list(page.rows) == expected, where
            assert page.total == len(expected)
