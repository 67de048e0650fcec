"""NIF on neurons whose information is known: arXiv 1901.08557."""

import math

import numpy as np
import pytest

from estimator.nif import flow_edges, q_over_all, redundancies, redundancy, within
from estimator.options import Options

OPTIONS = Options(estimator="ksg", permutations=50, device="cpu", seed=3)
N = 800


def gaussian_mi(rho: float) -> float:
    return -0.5 * math.log(1 - rho**2)


def layers() -> list[np.ndarray]:
    """x1, x2 with correlation .6 and a constant; y = x1 with noise (correlation .8), noise, a constant."""
    rng = np.random.default_rng(7)
    x1, other, noise, free = rng.normal(size=(4, N))
    x2 = 0.6 * x1 + 0.8 * other
    y = 0.8 * x1 + 0.6 * noise
    return [np.column_stack([x1, x2, np.ones(N)]), np.column_stack([y, free, np.zeros(N)])]


def test_redundancy_leaves_the_neuron_itself_out() -> None:
    # R_0 = (.2 + .4) / 2, R_1 = (.2 + .6) / 2, R_2 = (.4 + .6) / 2; what is on the diagonal is not used.
    mi = np.array([[9.0, 0.2, 0.4], [0.2, 9.0, 0.6], [0.4, 0.6, 9.0]])
    np.testing.assert_allclose(redundancy(mi, "mean"), [0.3, 0.4, 0.5])
    np.testing.assert_allclose(redundancy(mi, "sum"), [0.6, 0.8, 1.0])


def test_a_neuron_without_others_has_no_redundancy() -> None:
    assert redundancy(np.array([[9.0]]), "mean").tolist() == [0.0]


def test_redundancy_is_never_below_zero() -> None:
    assert redundancy(np.array([[0.0, -0.01], [-0.01, 0.0]]), "sum").tolist() == [0.0, 0.0]


def test_information_within_a_layer_is_that_of_its_pairs() -> None:
    mi = within(layers()[0], OPTIONS)
    floor = 0.6 / math.sqrt(N)  # sd of the pointwise MI of a Gaussian pair is |rho|
    assert abs(mi[0, 1] - gaussian_mi(0.6)) < 4 * floor + 0.03
    assert mi[0, 1] == mi[1, 0]
    assert not mi[2].any() and not mi[:, 2].any() and not np.diagonal(mi).any()


def test_edges_have_the_information_of_their_pairs_and_a_constant_has_none() -> None:
    values = layers()
    edge = flow_edges(values, [(0, 1)], OPTIONS).edges[0]
    assert (edge.source, edge.consumer) == (0, 1)
    for i, rho in enumerate((0.8, 0.48)):
        assert abs(edge.mi[i, 0] - gaussian_mi(rho)) < 4 * rho / math.sqrt(N) + 0.03
    assert edge.q_value[0, 0] <= 0.05
    assert edge.q_value[0, 1] > 0.05
    assert not edge.mi[2].any() and not edge.mi[:, 2].any()
    assert (edge.q_value[2] == 1).all() and (edge.p_value[:, 2] == 1).all()
    R = redundancies(values, [(0, 1)], OPTIONS)
    nif = edge.nif(R[0], beta=0.5, alpha=0.05)
    assert nif[0, 0] == pytest.approx(edge.mi[0, 0] - 0.5 * R[0][0])
    assert nif[0, 1] == nif[2, 0] == 0


def test_q_values_are_taken_over_all_links_together_and_only_over_tests() -> None:
    # Benjamini-Hochberg over p = .01, .02, .04 (m = 3): .03, .03, .04; the fourth pair is no test.
    tested = np.array([[True, False]]), np.array([[True], [True]])
    q = q_over_all([(np.array([[0.02, 1.0]]), tested[0]), (np.array([[0.01], [0.04]]), tested[1])])
    np.testing.assert_allclose(q[0], [[0.03, 1.0]])
    np.testing.assert_allclose(q[1], [[0.03], [0.04]])
    assert q_over_all([]) == []


def test_a_layer_that_is_no_source_has_no_redundancy_and_costs_nothing() -> None:
    told: list[tuple[str, int, int]] = []
    R = redundancies(layers(), [(0, 1)], OPTIONS, lambda *given: told.append(given))
    assert not R[1].any()
    assert told[0] == ("redundancy", 0, 3) and told[-1] == ("redundancy", 3, 3)


def test_progress_of_the_edges_rises_to_all_pairs() -> None:
    told: list[tuple[str, int, int]] = []
    values = [*layers(), layers()[0]]
    flow_edges(values, [(0, 1), (1, 2)], OPTIONS, lambda *given: told.append(given))
    assert {(phase, total) for phase, _, total in told} == {("estimating", 18)}
    done = [d for _, d, _ in told]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 18
