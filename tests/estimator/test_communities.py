"""Communities and modularity against networkx."""

import networkx as nx
import numpy as np
import pytest

from estimator.graph.describe import describe
from estimator.graph.flow import flow_edges
from estimator.network import FlowNetwork
from tests.networks import flow_network, random_network


def undirected(network: FlowNetwork) -> nx.Graph:
    graph = nx.Graph()
    edges = flow_edges(network)
    graph.add_weighted_edges_from(
        zip(edges.source.tolist(), edges.consumer.tolist(), edges.nif.tolist(), strict=True)
    )
    return graph


def members(network: FlowNetwork) -> list[set[int]]:
    community = np.concatenate(describe(network).community)
    return [set(np.flatnonzero(community == c).tolist()) for c in range(community.max() + 1)]


@pytest.mark.parametrize("block", range(10))
def test_communities_are_connected_cover_the_flow_and_report_their_modularity(block: int) -> None:
    for seed in range(10 * block, 10 * block + 10):
        network = random_network(seed, layers=5, width=12, density=0.4)
        graph, communities = undirected(network), members(network)
        assert set().union(*communities) == set(graph)
        for community in communities:
            assert nx.is_connected(graph.subgraph(community))
        expected = nx.community.modularity(graph, communities)
        found = describe(network).modularity
        assert found == pytest.approx(expected, abs=1e-12)
        louvain = nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed))
        assert found >= louvain - 0.01


def test_communities_are_numbered_by_size_then_by_first_neuron() -> None:
    # two separate chains of 3, and one of 5 that starts last
    first = np.zeros((4, 4))
    first[[0, 1, 2], [0, 1, 2]] = 1
    first[2, 3] = 1
    second = np.zeros((4, 4))
    second[[0, 1, 2], [0, 1, 2]] = 1
    second[3, 3] = 1
    facts = describe(flow_network([4, 4, 4], {(0, 1): first, (1, 2): second}))
    assert [c.tolist() for c in facts.community] == [[1, 2, 0, -1], [1, 2, 0, 0], [1, 2, 0, 0]]


def test_the_same_network_and_seed_give_the_same_communities() -> None:
    network = random_network(5, layers=5, width=30, density=0.5)
    once, again = describe(network, seed=7), describe(network, seed=7)
    for a, b in zip(once.community, again.community, strict=True):
        assert a.tolist() == b.tolist()
    assert once.modularity == again.modularity


def test_one_community_has_modularity_zero() -> None:
    assert describe(flow_network([1, 1], {(0, 1): [[0.4]]})).modularity == pytest.approx(0)
