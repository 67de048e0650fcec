"""Attribution against sums over listed paths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimator.errors import LimitExceeded
from estimator.graph.attribution import attributions
from estimator.network import FlowNetwork
from tests.estimator.all_paths import every_path
from tests.networks import flow_network, random_network


def twelve_nodes() -> FlowNetwork:
    """3 inputs, hidden layers of 4 and 3, 2 outputs; input layer also linked to the second hidden layer."""
    return flow_network(
        [3, 4, 3, 2],
        {
            (0, 1): [[1 / 2, 0, 1 / 4, 0], [0, 1 / 3, 0, 0], [0, 0, 0, 1]],
            (1, 2): [[1 / 2, 1 / 5, 0], [0, 1, 0], [0, 0, 1 / 2], [0, 0, 0]],
            (0, 2): [[0, 1 / 10, 0], [0, 0, 0], [0, 0, 1 / 8]],
            (2, 3): [[1 / 2, 0], [1, 1 / 4], [0, 2]],
        },
    )


def test_attribution_is_the_sum_over_paths_of_a_hand_worked_network() -> None:
    found = attributions(twelve_nodes())
    assert found.inputs == ("0:0", "0:1", "0:2")
    assert found.outputs == ("3:0", "3:1")
    expected = [
        [
            # 0-0-0-0: 1/2·1/2·1/2   0-0-1-0: 1/2·1/5·1   skip 0-1-0: 1/10·1
            1 / 8 + 1 / 10 + 1 / 10,
            # 0-0-1-1: 1/2·1/5·1/4   0-2-2-1: 1/4·1/2·2   skip 0-1-1: 1/10·1/4
            1 / 40 + 1 / 4 + 1 / 40,
        ],
        [
            1 / 3,  # 1-1-1-0: 1/3·1·1
            1 / 12,  # 1-1-1-1: 1/3·1·1/4
        ],
        [
            0,  # 2-3 goes nowhere, 2-2 has no way to output 0
            1 / 4,  # skip 2-2-1: 1/8·2
        ],
    ]
    np.testing.assert_allclose(found.values, expected, rtol=1e-14)


def test_two_ways_of_two_hops_add_up() -> None:
    network = flow_network([1, 2, 1], {(0, 1): [[0.5, 0.3]], (1, 2): [[0.4], [0.2]]})
    assert attributions(network).values[0, 0] == pytest.approx(0.26)  # 0.5·0.4 + 0.3·0.2


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), layers=st.integers(2, 6), beta=st.sampled_from([0.0, 0.5, 2.0]))
def test_attribution_is_the_sum_over_all_paths_of_random_networks(
    seed: int, layers: int, beta: float
) -> None:
    network = random_network(seed, layers=layers, beta=0.3).at_beta(beta)
    found = attributions(network)
    for i, source in enumerate(found.inputs):
        for j, target in enumerate(found.outputs):
            listed = sum(float(product) for _, _, product in every_path(network, source, target))
            assert found.values[i, j] == pytest.approx(listed, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("sizes", [[2, 5, 7], [7, 5, 2]])
def test_both_sides_give_the_same(sizes: list[int]) -> None:
    rng = np.random.default_rng(3)
    first, second = rng.uniform(0, 1, sizes[:2]), rng.uniform(0, 1, sizes[1:])
    network = flow_network(sizes, {(0, 1): first, (1, 2): second})
    np.testing.assert_allclose(attributions(network).values, first @ second, rtol=1e-14)


def test_a_network_without_flow_attributes_nothing() -> None:
    network = flow_network([3, 2, 2], {(0, 1): np.zeros((3, 2)), (1, 2): np.zeros((2, 2))})
    assert attributions(network).values.tolist() == [[0, 0]] * 3


def test_sums_beyond_the_largest_double_are_an_error_that_says_what_to_do() -> None:
    deep = flow_network([10] * 200, {(i, i + 1): np.full((10, 10), 5.0) for i in range(199)})
    with pytest.raises(LimitExceeded, match="beta above 0") as caught:
        attributions(deep)
    assert caught.value.errors[0].field == "beta"


def test_products_below_the_smallest_double_are_zero() -> None:
    deep = flow_network([2] * 4, {(i, i + 1): np.full((2, 2), 1e-300) for i in range(3)})
    assert attributions(deep).values.tolist() == [[0, 0], [0, 0]]
