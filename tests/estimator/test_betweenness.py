"""Betweenness against networkx."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimator.graph.describe import describe
from estimator.network import FlowNetwork
from tests.networks import flow_network, random_network


def digraph(network: FlowNetwork) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(f"{layer.index}:{i}" for layer in network.layers for i in range(layer.size))
    for edges, nif in zip(network.edges, network.nif, strict=True):
        for i, k in np.argwhere(nif > 0).tolist():
            ends = (f"{edges.source}:{i}", f"{edges.consumer}:{k}")
            graph.add_edge(*ends, nif=nif[i, k], distance=1 / nif[i, k])
    return graph


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), layers=st.integers(2, 6), beta=st.sampled_from([0.0, 0.5, 2.0]))
def test_betweenness_equals_networkx_on_random_networks(seed: int, layers: int, beta: float) -> None:
    network = random_network(seed, layers=layers, width=5, beta=0.3).at_beta(beta)
    facts = describe(network)
    graph = digraph(network)
    unweighted = list(nx.betweenness_centrality(graph, normalized=False).values())
    weighted = list(nx.betweenness_centrality(graph, normalized=False, weight="distance").values())
    np.testing.assert_allclose(np.concatenate(facts.betweenness), unweighted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.concatenate(facts.betweenness_weighted), weighted, rtol=1e-9, atol=1e-12)


def test_the_strong_way_is_the_short_way() -> None:
    # a-x-b has distance 1/1 + 1/1 = 2, a-y-b 1/0.5 + 1/0.5 = 4; both have two hops
    network = flow_network([1, 2, 1], {(0, 1): [[1.0, 0.5]], (1, 2): [[1.0], [0.5]]})
    facts = describe(network)
    assert facts.betweenness[1].tolist() == [0.5, 0.5]
    assert facts.betweenness_weighted[1].tolist() == [1.0, 0.0]


def test_no_flow_edge_means_no_betweenness_no_community_no_modularity() -> None:
    facts = describe(flow_network([2, 1, 2], {(0, 1): np.zeros((2, 1)), (1, 2): np.zeros((1, 2))}))
    assert [b.tolist() for b in facts.betweenness] == [[0, 0], [0], [0, 0]]
    assert [b.tolist() for b in facts.betweenness_weighted] == [[0, 0], [0], [0, 0]]
    assert [c.tolist() for c in facts.community] == [[-1, -1], [-1], [-1, -1]]
    assert facts.modularity is None


@pytest.mark.parametrize("nif", [5e-324, 1e-300, 1.7e308])
def test_extreme_flows_stay_finite(nif: float) -> None:
    network = flow_network([2, 2, 2], {(0, 1): [[nif, 1], [1, nif]], (1, 2): [[nif, nif], [nif, nif]]})
    facts = describe(network)
    for values in (*facts.betweenness, *facts.betweenness_weighted):
        assert np.isfinite(values).all()
    assert facts.modularity is not None
    assert np.isfinite(facts.modularity)


def test_more_paths_than_a_double_can_count() -> None:
    network = flow_network([10] * 320, {(i, i + 1): np.ones((10, 10)) for i in range(319)})
    middle = describe(network).betweenness[1]
    # from each of 10 inputs to each of 318 * 10 neurons behind, one way in ten goes through each
    np.testing.assert_allclose(middle, 10 * 3180 / 10, rtol=1e-9)
