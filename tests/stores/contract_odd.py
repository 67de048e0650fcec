"""Names, numbers and networks that get lost easily."""

import math
from dataclasses import replace

import numpy as np
import pytest

from estimator.errors import LimitExceeded, NotFinite
from service.stores.protocol import (
    EdgeFilter,
    GraphStore,
    NeuronFilter,
    Slice,
)
from tests.networks import flow_network, probe, random_network
from tests.same import assert_same
from tests.stores.asking import ALL

NASTY = (
    "`", "\\u0060", "'}) DETACH DELETE n //", '"; DROP TABLE edges; --', "😀", "é" * 10_000, "a\nb\r\t",
    "%_*",
)  # fmt: skip


class OddNetworks:
    """See `tests.stores.contract`."""

    def test_names_are_kept_verbatim_and_never_become_part_of_a_query(self, store: GraphStore) -> None:
        n = len(NASTY)
        nif = np.full((n, 1), 0.5)
        network = flow_network([n, 1], {(0, 1): nif}, names=[list(NASTY), ["y"]])
        layers = (replace(network.layers[0], name=NASTY[2]), network.layers[1])
        network = replace(network, layers=layers, probes=(probe(network, NASTY[3]),))
        store.write("other", random_network(1))
        store.write(NASTY[2], network)
        rows = store.neurons(NASTY[2], NeuronFilter(), ALL).rows
        assert tuple(row.name for row in rows) == (*NASTY, "y")
        assert rows[0].layer_name == NASTY[2]
        assert tuple(row.source_name for row in store.edges(NASTY[2], EdgeFilter(), ALL).rows) == NASTY
        assert len(store.probes(NASTY[2], NASTY[3])) == n + 1
        assert_same(store.network(NASTY[2]), network)
        assert store.ids() == sorted([NASTY[2], "other"])
        assert_same(store.network("other"), random_network(1))

    def test_a_network_without_any_flow_edge_answers_everything(self, store: GraphStore) -> None:
        network = flow_network([3, 1, 2], {(0, 1): np.zeros((3, 1)), (1, 2): np.zeros((1, 2))})
        nothing = {
            name: np.full((3, 1), np.nan) for name in ("se", "ci_low", "ci_high", "p_value", "q_value")
        }
        network = replace(network, edges=(replace(network.edges[0], **nothing), network.edges[1]))
        store.write("a", network)
        rows = store.neurons("a", NeuronFilter(), ALL).rows
        assert {(row.betweenness, row.betweenness_weighted, row.out_flow, row.in_flow) for row in rows} == {
            (0, 0, 0, 0)
        }
        assert {(row.community, row.silent) for row in rows} == {(None, "uninformative")}
        assert store.edges("a", EdgeFilter(), ALL).rows == ()
        measured = store.edges("a", EdgeFilter(flow=False), ALL).rows
        assert len(measured) == 5
        assert (measured[0].se, measured[0].ci_low, measured[0].p_value, measured[0].q_value) == (None,) * 4
        assert store.edges("a", EdgeFilter(flow=None, max_q=1.0), ALL).total == 2
        assert store.communities("a").communities == ()
        assert store.communities("a").modularity is None
        assert store.paths("a", "0:0", "2:0", 5) == []
        assert [row.attribution for row in store.attributions("a")] == [0.0] * 6
        assert store.facts("a").modularity is None
        assert store.facts("a", 0.7).modularity is None

    def test_extreme_numbers_keep_their_bits(self, store: GraphStore) -> None:
        values = [5e-324, 1.7976931348623157e308, 1e-300, 0.1 + 0.2, 2.0**53, 1.0]
        nif = np.array(values).reshape(6, 1)
        network = flow_network([6, 1], {(0, 1): nif})
        odd = replace(network.edges[0], se=np.array([[-0.0]] * 6), ci_low=-nif, ci_high=nif)
        network = replace(network, edges=(odd,))
        store.write("a", network)
        rows = store.edges("a", EdgeFilter(), ALL).rows
        assert [row.mi for row in rows] == values
        assert [row.nif for row in rows] == values
        assert [row.ci_low for row in rows] == [-value for value in values]
        assert {row.se for row in rows} == {0.0}
        by_nif = [row.nif for row in store.edges("a", EdgeFilter(), Slice("-nif")).rows]
        assert by_nif == sorted(values, reverse=True)
        assert_same(store.network("a"), network)
        for row in store.neurons("a", NeuronFilter(), ALL).rows:
            assert all(map(math.isfinite, (row.betweenness_weighted, row.out_flow, row.in_flow)))
        assert math.isfinite(store.communities("a").communities[0].nif_within)

    def test_products_beyond_the_doubles_are_finite_or_an_error(self, store: GraphStore) -> None:
        deep = {(i, i + 1): np.full((3, 3), 1e30) for i in range(14)}
        store.write("large", flow_network([3] * 15, deep))
        with pytest.raises(LimitExceeded):
            store.attributions("large")
        with pytest.raises(LimitExceeded):
            store.paths("large", "0:0", "14:0", 1)
        small = {edge: np.full((3, 3), 1e-300) for edge in deep}
        store.write("small", flow_network([3] * 15, small))
        assert {row.attribution for row in store.attributions("small")} == {0.0}
        found = store.paths("small", "0:0", "14:0", 2)
        assert [path.neurons[1:-1] for path in found] == [
            tuple(f"{i}:0" for i in range(1, 14)),
            (*(f"{i}:0" for i in range(1, 13)), "13:1"),
        ]

    @pytest.mark.parametrize("name", ["mi", "se", "redundancy"])
    def test_a_network_with_a_value_that_no_answer_can_hold_is_refused_whole(
        self, store: GraphStore, name: str
    ) -> None:
        network = random_network(1)
        if name == "redundancy":
            network = replace(network, redundancy=tuple(np.full_like(r, np.nan) for r in network.redundancy))
        else:
            edges = [replace(e, **{name: np.full_like(e.mi, np.inf)}) for e in network.edges]
            network = replace(network, edges=tuple(edges))
        with pytest.raises(NotFinite, match=name):
            store.write("a", network)
        assert not store.exists("a")

    def test_the_store_answers_and_its_schema_is_up_to_date(self, store: GraphStore) -> None:
        store.ping()
        assert store.migrate() == []
        assert store.migrate(dry_run=True) == []
