"""Paths, attributions, communities and probes are those of the network."""

from dataclasses import replace

import numpy as np
import pytest

from estimator.errors import InvalidParameter
from estimator.graph.attribution import attributions
from estimator.graph.describe import describe
from estimator.graph.paths import strongest_paths
from estimator.network import GivenTarget, Stratum
from service.stores.protocol import (
    EdgeFilter,
    GraphStore,
    NeuronFilter,
)
from tests.networks import flow_network, probe, random_network
from tests.stores.asking import ALL, key_of


class GraphAnswers:
    """See `tests.stores.contract`."""

    @pytest.mark.parametrize("seed", range(5))
    def test_paths_and_attributions_are_those_of_the_network(self, store: GraphStore, seed: int) -> None:
        network = random_network(seed, layers=5, width=4, beta=0.2)
        store.write("a", network)
        rows = store.attributions("a")
        expected = attributions(network)
        assert [(row.input, row.output) for row in rows] == [
            (i, o) for i in expected.inputs for o in expected.outputs
        ]
        assert [row.attribution for row in rows] == pytest.approx(expected.values.ravel().tolist(), rel=1e-9)
        assert store.attributions("a", source="0:0") == [row for row in rows if row.input == "0:0"]
        last = expected.outputs[-1]
        assert store.attributions("a", target=last) == [row for row in rows if row.output == last]
        assert len(store.attributions("a", source="0:0", target=last)) == 1
        found = store.paths("a", "0:0", last, 10)
        wanted = strongest_paths(network, "0:0", last, 10)
        assert [(p.neurons, p.nif) for p in found] == [(p.neurons, p.nif) for p in wanted]
        assert [p.product for p in found] == pytest.approx([p.product for p in wanted], rel=1e-9)
        for path in found:
            assert path.names == tuple("layer{}.{}".format(*key_of(neuron)) for neuron in path.neurons)

    @pytest.mark.parametrize(
        ("source", "target", "k", "field"),
        [
            ("1:0", "2:0", 1, "source"),
            ("0:0", "0:1", 1, "target"),
            ("0:0", "2:0", 0, "k"),
            ("0:0", "2:0", 10**9, "k"),
        ],
    )
    def test_paths_that_make_no_sense_are_refused(
        self, store: GraphStore, source: str, target: str, k: int, field: str
    ) -> None:
        store.write("a", flow_network([2, 1, 1], {(0, 1): [[1], [1]], (1, 2): [[1]]}))
        with pytest.raises(InvalidParameter) as caught:
            store.paths("a", source, target, k)
        assert caught.value.errors[0].field == field

    def test_attributions_run_from_inputs_to_outputs_only(self, store: GraphStore) -> None:
        store.write("a", flow_network([1, 1, 1], {(0, 1): [[1]], (1, 2): [[1]]}))
        for question in ({"source": "1:0"}, {"target": "1:0"}):
            with pytest.raises(InvalidParameter):
                store.attributions("a", **question)

    def test_communities_hold_the_neurons_that_say_so(self, store: GraphStore) -> None:
        network = random_network(6, layers=5, width=8, density=0.3)
        store.write("a", network)
        found = store.communities("a")
        wanted = describe(network).modularity
        assert wanted is not None
        assert found.modularity is not None
        assert found.modularity >= 0.99 * wanted
        neurons = store.neurons("a", NeuronFilter(), ALL).rows
        edges = store.edges("a", EdgeFilter(), ALL).rows
        for community in found.communities:
            assert community.neurons == tuple(row.id for row in neurons if row.community == community.id)
            within = sum(e.nif for e in edges if {e.source, e.consumer} <= set(community.neurons))
            assert community.nif_within == pytest.approx(within)
        assert sum(len(c.neurons) for c in found.communities) == sum(
            row.community is not None for row in neurons
        )
        facts = store.facts("a")
        assert np.concatenate(facts.community).tolist() == [
            -1 if row.community is None else row.community for row in neurons
        ]
        assert facts.modularity == found.modularity

    def test_probes_say_what_each_neuron_hears(self, store: GraphStore) -> None:
        network = random_network(2)
        network = replace(network, probes=(probe(network, "sex"), probe(network, "age", 1)))
        store.write("a", network)
        rows = store.probes("a")
        assert [row.probe for row in rows] == ["sex"] * network.neurons_total + [
            "age"
        ] * network.neurons_total
        assert [row.mi for row in rows] == [
            mi for p in network.probes for layer in p.values for mi in layer.mi.tolist()
        ]
        assert store.probes("a", "age") == rows[network.neurons_total :]
        assert store.probes("a", "AGE") == []
        assert rows[0].neuron == "0:0"
        assert rows[0].neuron_name == "layer0.0"
        assert rows[0].q_value == 0.01

    def test_probes_say_what_is_left_when_the_target_is_known(self, store: GraphStore) -> None:
        network = random_network(3)
        known = probe(network, "sex", 2)
        strata = (Stratum("yes", 70, True), Stratum("no", 80, True))
        sex = replace(probe(network, "sex"), given_target=GivenTarget("y", strata, known.values))
        bare = replace(
            probe(network, "age", 1), given_target=GivenTarget("y", (Stratum("no", 3, False),), ())
        )
        network = replace(network, probes=(sex, bare))
        store.write("a", network)
        given = [row.given_target for row in store.probes("a", "sex")]
        assert [row and row.mi for row in given] == [mi for v in known.values for mi in v.mi.tolist()]
        assert [row and row.q_value for row in given] == [q for v in known.values for q in v.q_value.tolist()]
        assert [row and row.saturated for row in given] == [False] * network.neurons_total
        assert {row.given_target for row in store.probes("a", "age")} == {None}
        read = store.network("a").probes[0].given_target
        assert read is not None and read.strata == strata
