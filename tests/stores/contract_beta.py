"""beta is a query."""

import math

import pytest

from estimator.errors import InvalidParameter
from service.stores.protocol import (
    EdgeFilter,
    GraphStore,
    NeuronFilter,
    Slice,
)
from tests.networks import flow_network, random_network
from tests.same import assert_same
from tests.stores.asking import ALL


class OtherBetas:
    """See `tests.stores.contract`."""

    @pytest.mark.parametrize("beta", [0.0, 0.05, 0.4, 3.0])
    def test_beta_as_a_query_equals_a_fresh_network_at_that_beta(
        self, store: GraphStore, beta: float
    ) -> None:
        network = random_network(9, layers=5, width=6, beta=0.4)
        store.write("a", network)
        store.write("fresh", network.at_beta(beta))
        last = f"4:{network.layers[4].size - 1}"
        questions = [
            lambda i, b: store.edges(i, EdgeFilter(), Slice("-nif", limit=None), b),
            lambda i, b: store.edges(i, EdgeFilter(flow=None, min_nif=0.1), Slice("nif", limit=None), b),
            lambda i, b: store.neurons(i, NeuronFilter(), Slice("-betweenness", limit=None), b),
            lambda i, b: store.neurons(i, NeuronFilter(community=0), Slice("out_flow", limit=5), b),
            lambda i, b: store.communities(i, b),
            lambda i, b: store.paths(i, "0:0", last, 20, b),
            lambda i, b: store.attributions(i, None, None, b),
        ]
        for question in questions:
            assert question("a", beta) == question("fresh", None)
        assert_same(store.network("a", beta), network.at_beta(beta))
        assert_same(store.facts("a", beta), store.facts("fresh"))

    @pytest.mark.parametrize("beta", [-1.0, -5e-324, math.nan, math.inf, 1e308])
    def test_a_beta_that_makes_no_sense_is_refused(self, store: GraphStore, beta: float) -> None:
        store.write("a", flow_network([1, 1], {(0, 1): [[1]]}))
        for ask in (
            lambda: store.edges("a", EdgeFilter(), ALL, beta),
            lambda: store.communities("a", beta),
            lambda: store.network("a", beta),
        ):
            with pytest.raises(InvalidParameter) as caught:
                ask()
            assert caught.value.errors[0].field == "beta"
