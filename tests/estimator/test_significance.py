"""p-values of independence: exact moments, calibrated, powerful, and functions of the pair alone."""

import itertools

import numpy as np
import pytest
from scipy.stats import chi2

from estimator.errors import Cancelled
from estimator.mutual_information.permutation_moments import invariants, moments
from estimator.mutual_information.significance import permutation_p_values
from estimator.mutual_information.tail import pearson_tail


def p_values(X, Y, **options):
    return permutation_p_values(X, Y, **({"seed": 0, "permutations": 200} | options))


class TestMoments:
    @pytest.mark.parametrize("n", [4, 5, 6, 7])
    def test_are_those_of_all_permutations(self, n):
        rng = np.random.default_rng(n)
        matrices, known = [], []
        for d in (2, 3):
            # orthonormal, mean 0: columns of an orthogonal matrix that starts with the constant
            basis = np.linalg.qr(np.c_[np.ones(n), rng.standard_normal((n, d))])[0][:, 1:] * np.sqrt(n)
            v = rng.uniform(0.2, 1, d)
            matrices.append(basis @ np.diag(v) @ basis.T / n)
            known.append(invariants(basis, np.full(n, 1 / n), v, n))
        A, B = matrices
        T = np.array([(A * B[np.ix_(p, p)]).sum() for p in itertools.permutations(range(n))])
        expected = T.mean(), T.var(), ((T - T.mean()) ** 3).mean()
        found = [float(m[0, 0]) for m in moments(known[0][None], known[1][None], n)]
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-12)


class TestTail:
    def test_of_one_feature_each_is_a_chi_square(self):
        x = np.array([[0.5, 3.0, 10.0, 100.0, 5000.0]])
        one, degrees = np.ones_like(x), np.array([1])
        p = pearson_tail(x, one, 2 * one, 8 * one, degrees, np.ones(5, dtype=int))
        assert np.allclose(p[0, :4], chi2.sf(x[0, :4], 1), rtol=1e-6)
        assert 0 < p[0, 4] < 1e-300

    def test_of_many_features_is_near_the_weighted_sum_of_chi_squares(self):
        # 2 x 10^6 draws: at 1e-4 the count is 200 +- 14; 15 % covers 2 sd
        w = np.outer(1 / np.arange(1, 4), 1 / np.arange(1, 4)).ravel()
        draws = sum(a * np.random.default_rng(i).chisquare(1, 2_000_000) for i, a in enumerate(w))
        x = np.quantile(draws, [0.9, 0.99, 0.999, 0.9999])[None]
        one, k = np.ones_like(x), np.array([3])
        p = pearson_tail(x, one * w.sum(), one * 2 * (w**2).sum(), one * 8 * (w**3).sum(), k, np.full(4, 3))
        assert np.allclose(p[0], [0.1, 0.01, 0.001, 0.0001], rtol=0.15)

    def test_never_rises_with_the_statistic(self):
        x = np.concatenate([np.linspace(0, 60, 500), np.geomspace(60, 1e5, 300)])[None]
        w = np.outer(1 / np.arange(1, 13), 1 / np.arange(1, 9)).ravel()
        one = np.ones_like(x)
        p = pearson_tail(
            x, one * w.sum(), one * 2 * (w**2).sum(), one * 8 * (w**3).sum(), np.array([12]), np.full(800, 8)
        )
        assert (np.diff(p[0]) <= 0).all() and p.min() > 0 and p.max() <= 1


def kinds(rng, n, p):
    """p columns of each kind, atoms included, all independent."""
    Z = rng.standard_normal((5, n, p))
    return [Z[0], np.maximum(Z[1], 0), (Z[2] > 0.5) * 1.0, np.maximum(Z[3] - 1.3, 0), np.round(Z[4])]


class TestCalibration:
    @pytest.mark.parametrize("n", [100, 1000])
    def test_p_is_uniform_under_independence(self, n):
        # 4 draws of (5 kinds x 14) x (5 kinds x 14) = 19,600 pairs. Pairs that share a column are nearly
        # independent given the ranks; counts at 5 % have sd 30 of 980, at 1 % 14 of 196 (binomial), at .1 %
        # 4.4 of 19.6. The bounds are the stated tolerances: 5 +- 1 %, 1 +- .4 %; and 4 sd at .1 %.
        rng = np.random.default_rng(n)
        p = []
        for seed in range(4):
            X, Y = (np.concatenate(kinds(rng, n, 14), axis=1) for _ in range(2))
            p.append(p_values(X, Y, seed=seed).ravel())
        p = np.concatenate(p)
        assert 0.04 < np.mean(p <= 0.05) < 0.06
        assert 0.006 < np.mean(p <= 0.01) < 0.014
        assert np.mean(p <= 0.001) < 0.0019
        assert abs(np.mean(p) - 0.5) < 0.02

    def test_rare_values_meeting_by_chance_are_no_evidence(self):
        # two columns with 5 ones of 300: they meet in one row with probability .081, which is no evidence
        x, y = np.zeros((2, 300, 1))
        x[:5], y[4:9] = 1, 1
        assert 0.04 < p_values(x, y)[0, 0] < 0.2

    def test_draws_are_shared_and_never_give_0(self):
        x = np.zeros((60, 1))
        x[:2] = 1
        p = p_values(x, x, permutations=50)
        assert 1e-12 < p[0, 0] < 1 / 51


class TestPower:
    def test_a_strong_edge_is_far_below_what_draws_could_show(self):
        rng = np.random.default_rng(0)
        x = rng.standard_normal((1000, 1))
        for y in (x + rng.standard_normal((1000, 1)), x**2 + 0.5 * rng.standard_normal((1000, 1)), x > 0.5):
            assert 0 < p_values(x, y * 1.0)[0, 0] < 1e-30

    def test_a_weak_edge_is_found(self):
        # rho = .15 at n = 1,000: a correlation test has z = 4.7
        rng = np.random.default_rng(1)
        x = rng.standard_normal((1000, 40))
        y = 0.15 * x + rng.standard_normal((1000, 40))
        assert np.mean(np.diag(p_values(x, y)) < 0.01) > 0.9

    def test_what_oscillates_is_found_from_either_side(self):
        # no polynomial of degree 10 follows sin(8x): only the order of one by the other shows it
        rng = np.random.default_rng(2)
        x = rng.standard_normal((1000, 3))
        y = np.sin(8 * x) + 0.3 * rng.standard_normal((1000, 3))
        p, turned = p_values(x, y), p_values(y, x)
        assert (np.diag(p) < 1e-30).all() and np.allclose(p, turned.T, rtol=1e-9)
        assert (p[~np.eye(3, dtype=bool)] > 1e-4).all()


class TestAPairAlone:
    rng = np.random.default_rng(3)
    Z = rng.standard_normal((120, 6))
    X = np.c_[Z[:, :3], np.maximum(Z[:, 3:] - 1, 0), (Z[:, :2] > 1.6) * 1.0]
    Y = np.c_[
        Z @ rng.standard_normal((6, 4)) + rng.standard_normal((120, 4)) * 3, np.maximum(-Z[:, 3:] - 1, 0)
    ]

    def test_does_not_depend_on_order_or_block(self):
        p = p_values(self.X, self.Y)
        i, j = self.rng.permutation(8), self.rng.permutation(7)
        assert np.array_equal(p_values(self.X[:, i], self.Y[:, j]), p[np.ix_(i, j)])
        for k in range(8):
            assert np.array_equal(p_values(self.X[:, [k]], self.Y), p[[k]])

    def test_only_depends_on_ranks(self):
        assert np.array_equal(p_values(self.X, self.Y), p_values(np.exp(self.X), self.Y**3))

    def test_the_seed_matters_only_where_draws_are_needed(self):
        a, b = p_values(self.X, self.Y, seed=1), p_values(self.X, self.Y, seed=2)
        smooth = np.ix_(range(3), range(4))
        assert np.array_equal(a[smooth], b[smooth]) and not np.array_equal(a, b)
        assert np.array_equal(a, p_values(self.X, self.Y, seed=1))

    def test_within_one_table_is_symmetric(self):
        p = p_values(self.X, self.X, within=True)
        assert np.array_equal(p, p.T) and (np.diag(p) == 1).all()
        across = p_values(self.X, self.X)
        upper = np.triu_indices(8, 1)
        assert np.array_equal(p[upper], across[upper])


def test_a_constant_column_has_p_1():
    X = np.c_[np.random.default_rng(0).standard_normal(50), np.full(50, 2.0)]
    p = p_values(X, X)
    assert (p[1] == 1).all() and (p[:, 1] == 1).all() and p[0, 0] < 1e-6


def test_progress_counts_pairs_and_can_stop():
    X = np.random.default_rng(0).standard_normal((60, 130))
    told = []
    p_values(X, X, progress=lambda *now: told.append(now))
    assert told[-1] == ("estimating", 130 * 130, 130 * 130) and len(told) == 4

    def stop(*_):
        raise Cancelled

    with pytest.raises(Cancelled):
        p_values(X, X, progress=stop)
