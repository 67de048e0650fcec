"""The k strongest paths against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimator.errors import InvalidParameter, LimitExceeded
from estimator.graph.paths import Path, strongest_overall, strongest_paths
from estimator.network import FlowNetwork
from tests.estimator.all_paths import every_path
from tests.networks import flow_network, random_network


def brute_force(network: FlowNetwork, pairs: list[tuple[str, str]], k: int) -> list[Path]:
    listed = [path for source, target in pairs for path in every_path(network, source, target)]
    listed.sort(key=lambda path: (-path[2], path[0]))
    return [
        Path(tuple(f"{layer}:{index}" for layer, index in neurons), hops, float(product))
        for neurons, hops, product in listed[:k]
    ]


def ends(network: FlowNetwork) -> list[tuple[str, str]]:
    first, last = network.layers[0], network.layers[-1]
    return [(f"0:{i}", f"{last.index}:{j}") for i in range(first.size) for j in range(last.size)]


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000), layers=st.integers(2, 6), k=st.sampled_from([1, 3, 50, 1000]))
def test_paths_equal_brute_force_on_random_networks(seed: int, layers: int, k: int) -> None:
    network = random_network(seed, layers=layers, width=3)
    for source, target in ends(network):
        assert strongest_paths(network, source, target, k) == brute_force(network, [(source, target)], k)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.sampled_from([1, 7, 200]))
def test_ties_come_in_the_order_of_their_neurons(seed: int, k: int) -> None:
    """Few distinct values, whose products in doubles depend on the order of the factors."""
    rng = np.random.default_rng(seed)
    sizes = [3, 3, 2, 3, 2]
    nif = {
        (i, j): rng.choice([0, 0.1, 0.3, 0.7, 1.1], (sizes[i], sizes[j]))
        for i, j in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (1, 4)]
    }
    network = flow_network(sizes, nif)
    assert strongest_overall(network, k) == brute_force(network, ends(network), k)


def test_all_equal_paths_are_listed_from_the_smallest() -> None:
    network = flow_network(
        [1, 50, 50, 1], {(0, 1): [[0.5] * 50], (1, 2): np.ones((50, 50)), (2, 3): [[0.5]] * 50}
    )
    found = strongest_paths(network, "0:0", "3:0", 1000)
    assert [p.neurons for p in found] == [
        ("0:0", f"1:{i}", f"2:{j}", "3:0") for i in range(20) for j in range(50)
    ]
    assert {p.product for p in found} == {0.25}


def test_a_longer_way_round_a_skip_connection_counts_by_its_product() -> None:
    network = flow_network([1, 1, 1], {(0, 1): [[2.0]], (1, 2): [[3.0]], (0, 2): [[5.0]]})
    assert [p.neurons for p in strongest_paths(network, "0:0", "2:0", 5)] == [
        ("0:0", "1:0", "2:0"),
        ("0:0", "2:0"),
    ]


def test_a_target_within_the_network_is_allowed() -> None:
    network = flow_network([2, 2, 1], {(0, 1): [[0.5, 0.4], [0, 0]], (1, 2): [[0.1], [0.2]]})
    assert strongest_paths(network, "0:0", "1:1", 3) == [Path(("0:0", "1:1"), (0.4,), 0.4)]
    assert strongest_paths(network, "0:1", "2:0", 3) == []


def test_products_too_small_for_a_double_are_ordered_still() -> None:
    first = np.array([[3e-200, 2e-200], [1e-200, 4e-200]])
    network = flow_network(
        [1, 2, 2, 1], {(0, 1): [[1e-200, 1e-200]], (1, 2): first, (2, 3): [[1e-200], [1e-200]]}
    )
    found = strongest_paths(network, "0:0", "3:0", 4)
    assert [p.product for p in found] == [0.0] * 4
    assert [p.neurons[1:3] for p in found] == [("1:1", "2:1"), ("1:0", "2:0"), ("1:0", "2:1"), ("1:1", "2:0")]


def test_a_product_beyond_the_largest_double_is_an_error() -> None:
    network = flow_network([1, 1, 1], {(0, 1): [[1e200]], (1, 2): [[1e200]]})
    with pytest.raises(LimitExceeded, match="larger beta"):
        strongest_paths(network, "0:0", "2:0", 1)


def test_layers_may_be_deeper_than_calls_can_nest() -> None:
    network = flow_network([1] * 1500, {(i, i + 1): [[0.9]] for i in range(1499)})
    (path,) = strongest_overall(network, 3)
    assert len(path.neurons) == 1500
    assert path.product == pytest.approx(0.9**1499)


@pytest.mark.parametrize(
    ("source", "target", "k", "field"),
    [
        ("0:9", "2:0", 1, "source"),
        ("x", "2:0", 1, "source"),
        ("00:0", "2:0", 1, "source"),
        ("0:0\n", "2:0", 1, "source"),
        ("0:٢", "2:0", 1, "source"),
        ("1:0", "2:0", 1, "source"),
        ("0:0", "7:0", 1, "target"),
        ("0:0", "0:0", 1, "target"),
        ("0:0", "0:1", 1, "target"),
        ("0:0", "2:0", 0, "k"),
        ("0:0", "2:0", -1, "k"),
        ("0:0", "2:0", 1001, "k"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(source: str, target: str, k: int, field: str) -> None:
    network = flow_network([3, 2, 1], {(0, 1): np.ones((3, 2)), (1, 2): np.ones((2, 1))})
    with pytest.raises(InvalidParameter) as caught:
        strongest_paths(network, source, target, k)
    assert caught.value.errors[0].field == field
