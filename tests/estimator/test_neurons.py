"""Facts of neurons, against numpy."""

import numpy as np
import pytest

from estimator.neurons import BINS, neuron_facts


def test_facts_are_numpys() -> None:
    rng = np.random.default_rng(0)
    X = np.maximum(rng.normal(size=(500, 6)), 0)
    X[:, 4] = np.round(X[:, 4], 1)
    facts = neuron_facts(X)
    np.testing.assert_allclose(facts.mean, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(facts.sd, X.std(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(facts.zeros, (X == 0).mean(axis=0))
    np.testing.assert_array_equal(facts.distinct, [np.unique(column).size for column in X.T])
    for i, column in enumerate(X.T):
        counts, edges = np.histogram(column, BINS)
        np.testing.assert_allclose(facts.histogram_edges[i], edges, rtol=1e-12)
        assert facts.histogram[i].sum() == 500
        assert np.abs(facts.histogram[i] - counts).sum() <= 4  # a value on an edge may fall to either side


def test_one_value_is_constant_whether_it_is_zero_or_not() -> None:
    X = np.column_stack(
        [np.zeros(40), np.full(40, 0.1), np.where(np.arange(40) % 2, 0.0, -0.0), np.arange(40)]
    )
    facts = neuron_facts(X)
    assert facts.constant.tolist() == [True, True, True, False]
    assert facts.distinct.tolist() == [1, 1, 1, 40]
    assert facts.mean[:3].tolist() == [0.0, 0.1, 0.0]
    assert facts.sd[:3].tolist() == [0.0, 0.0, 0.0]
    assert facts.zeros.tolist() == [1.0, 0.0, 1.0, 1 / 40]
    assert (facts.histogram.sum(axis=1) == 40).all()


@pytest.mark.parametrize(
    "column",
    [
        1e16 + np.arange(40) % 3,
        1e-310 * np.arange(40),
        np.where(np.arange(40) % 2, 1.7e308, -1.7e308),
        np.r_[np.zeros(39), 5e-324],
    ],
)
def test_extreme_values_keep_their_counts_and_stay_finite(column: np.ndarray) -> None:
    facts = neuron_facts(column[:, None])
    assert not facts.constant[0]
    assert facts.distinct[0] == np.unique(column).size
    assert facts.histogram[0].sum() == 40
    assert all(np.isfinite(v).all() for v in (facts.mean, facts.sd, facts.histogram_edges))
