"""Ranks, grids and features of columns."""

import numpy as np
import pytest
import torch

from estimator.mutual_information.columns import columns, highest_degree
from estimator.mutual_information.gauss_rule import MOST_POINTS, thinned
from estimator.mutual_information.scores import scores, serial_correlation, steps

RNG = np.random.default_rng(7)
NORMAL = RNG.standard_normal(2000)

COLUMNS = {
    "untied, few rows": NORMAL[:100],
    "untied": NORMAL[:1000],
    "untied, many rows": RNG.standard_normal(20_000),
    "ReLU": np.maximum(NORMAL, 0),
    "sparse ReLU": np.maximum(NORMAL - 1.5, 0),
    "binary": (NORMAL > 0.3) * 1.0,
    "counts": RNG.poisson(3, 1000).astype(float),
    "many counts": RNG.poisson(50, 1000).astype(float),
    "two atoms and a far cluster": np.r_[np.zeros(500), np.ones(400), 2 + np.arange(100.0)],
    "heavy tails": np.round(RNG.standard_cauchy(1000)),
    "a rare value": np.r_[np.zeros(999), 1.0],
}


def features(x):
    found = columns(x[:, None])
    return found.features(slice(0, 1), found.degree)[0] * found.unit, found


@pytest.mark.parametrize("x", COLUMNS.values(), ids=COLUMNS)
class TestFeatures:
    def test_are_orthonormal_on_the_rows(self, x):
        f, found = features(x)
        kept = np.diag((np.arange(found.degree) < found.degrees[0]) * 1.0)
        # rounding to multiples of unit costs at most unit/2 at each value, and f is of size 1
        assert np.abs(f @ f.T / len(x) - kept).max() < 4 * found.unit
        assert np.abs(f.mean(1)).max() < 2 * found.unit

    def test_have_the_same_gram_matrix_on_every_grid(self, x):
        _, found = features(x)
        kept = np.diag((np.arange(found.degree) < found.degrees[0]) * 1.0)
        for grid in found.grids.values():
            f, w = grid.features[0], grid.weights[0]
            assert np.abs((f.T * w) @ f - kept).max() < 1e-12
            assert np.abs(w @ f).max() < 1e-12 and abs(w.sum() - 1) < 1e-12

    def test_have_the_same_third_moments_on_every_grid(self, x):
        # of degree 18 at most, below 2 * 32 - 1: equal only if the functions are the same ones
        f, found = features(x)
        f = f[:6].T
        on_rows = np.einsum("nk,nl,nm->klm", f, f, f) / len(x)
        for grid in found.grids.values():
            g = grid.features[0][:, :6]
            on_grid = np.einsum("n,nk,nl,nm->klm", grid.weights[0], g, g, g)
            assert np.abs(on_grid - on_rows).max() < 1e-4 * max(1.0, np.abs(on_rows).max())

    def test_do_not_change_under_increasing_maps(self, x):
        f, _ = features(x)
        assert np.array_equal(f, features(np.arctan(x) * 3 + 1)[0])

    def test_only_change_sign_when_the_order_is_reversed(self, x):
        f, found = features(x)
        back, reversed_ = features(-x)
        if found.mirrored[0]:
            assert np.array_equal(back, f * (-1.0) ** np.arange(1, len(f) + 1)[:, None])
        else:  # one of the two tie patterns stands for both
            assert np.array_equal(back, f)
        assert all(np.array_equal(found.grids[g].features, reversed_.grids[g].features) for g in found.grids)

    def test_are_as_many_as_the_rows_support(self, x):
        _, found = features(x)
        _, counts = np.unique(x, return_counts=True)
        most = max(1, (len(x) - counts.max()) // 5)
        assert found.degrees[0] == min(highest_degree(len(x)), len(counts) - 1, most)


def test_a_column_does_not_depend_on_its_neighbours():
    X = np.maximum(RNG.standard_normal((1500, 90)), RNG.uniform(-1, 1, 90))
    alone, together = columns(X[:, [5]]), columns(X)
    place = together.measure[5]
    assert np.array_equal(alone.tables[0], together.tables[place])
    for size in alone.grids:
        assert np.array_equal(alone.grids[size].features[0], together.grids[size].features[place])
        assert np.array_equal(alone.grids[size].weights[0], together.grids[size].weights[place])


def test_columns_with_one_tie_pattern_share_a_measure():
    X = np.c_[NORMAL, -NORMAL, np.exp(NORMAL), np.maximum(NORMAL, 0), -np.maximum(NORMAL, 0)]
    assert list(columns(X).measure) == [0, 0, 0, 1, 1]


def test_negative_zero_is_zero():
    found = columns(np.where(np.arange(40) % 2, 0.0, -0.0)[:, None])
    assert list(found.degrees) == [0] and len(found.counts[0]) == 1


def test_thinning_keeps_the_moments_that_two_features_need():
    points = np.sort(RNG.uniform(-1, 1, 30_000))
    masses = RNG.dirichlet(np.ones(30_000))
    (few, few_masses), same = thinned([(torch.from_numpy(points), torch.from_numpy(masses))] * 2, "cpu")
    assert torch.equal(few, same[0]) and torch.equal(few_masses, same[1])
    few, few_masses = few.numpy(), few_masses.numpy()
    assert len(few) < MOST_POINTS
    for degree in range(25):
        legendre = np.polynomial.legendre.Legendre.basis(degree)
        assert abs(masses @ legendre(points) - few_masses @ legendre(few)) < 1e-13


class TestScores:
    X = np.c_[NORMAL, np.maximum(NORMAL, 0), -np.abs(NORMAL)]
    found = columns(X)

    def test_are_exact_sums(self):
        # the spacing is such that no order of summation can round: float64 equals Python's integers
        f = self.found.features(slice(0, 3), self.found.degree)
        exact = sum(int(a) * int(b) for a, b in zip(f[0, 9], f[1, 2], strict=True))
        S = scores(self.found, slice(0, 3), self.found, slice(0, 3), "cpu")
        assert float(S[0, 9, 1, 2]) == exact * (self.found.unit**2 / 2000)

    def test_do_not_depend_on_how_many_rows_are_read_at_once(self, monkeypatch):
        whole = scores(self.found, slice(0, 2), self.found, slice(1, 3), "cpu")
        monkeypatch.setattr("estimator.mutual_information.scores.MOST_BYTES", 8 * 10 * 2 * 77)
        assert torch.equal(scores(self.found, slice(0, 2), self.found, slice(1, 3), "cpu"), whole)

    def test_serial_correlation_is_that_of_a_loop(self):
        y = np.random.default_rng(0).permutation(NORMAL) + NORMAL
        y[:50] = 9.0  # one tie
        x, y = columns(NORMAL[:, None]), columns(y[:, None])
        f = y.features(slice(0, 1), 1)[0, 0][np.argsort(NORMAL)]
        expected = (f[:-1] * f[1:]).sum() / ((f[:-1] ** 2).sum() + (f[1:] ** 2).sum()) * 2
        r = serial_correlation(x, slice(0, 1), y, slice(0, 1), "cpu")
        assert abs(float(r[0, 0]) - expected) < 1e-12 and steps(x, slice(0, 1))[0] == 1999
        # and in the order of y the tied rows, and the step over them, are left out
        assert steps(y, slice(0, 1))[0] == 1949
        kept = np.argsort(y.codes[0])[:1950]
        f = x.features(slice(0, 1), 1)[0, 0][kept]
        expected = (f[:-1] * f[1:]).sum() / ((f[:-1] ** 2).sum() + (f[1:] ** 2).sum()) * 2
        assert abs(float(serial_correlation(y, slice(0, 1), x, slice(0, 1), "cpu")[0, 0]) - expected) < 1e-12

    def test_serial_correlation_needs_columns_without_ties(self):
        r = serial_correlation(self.found, slice(0, 3), self.found, slice(0, 3), "cpu")
        assert torch.isnan(r[1]).all() and torch.isnan(r[:, 1]).all() and not torch.isnan(r[0, 2])
        assert list(steps(self.found, slice(0, 3))) == [1999, 0, 1999]
