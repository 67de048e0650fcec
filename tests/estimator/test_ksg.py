import math

import numpy as np
import pytest
import torch
from scipy.special import digamma, ndtri
from scipy.stats import rankdata

from estimator.mutual_information import mutual_information
from estimator.mutual_information.ksg import by_tiles, by_trees

ROWS = 1000


def gaussian(rho, n=ROWS, seed=0, pairs=8):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, pairs))
    return X, rho * X + math.sqrt(1 - rho**2) * rng.standard_normal((n, pairs))


def diagonal(X, Y, **options):
    found = mutual_information(X, Y, "ksg", **options)
    return np.diag(found.mi), np.diag(found.se)


def readable(x, y, k):
    """Equation 8 word by word, for columns without ties."""
    n = len(x)
    x, y = (ndtri((rankdata(z) - 0.5) / n) for z in (x, y))
    terms = []
    for i in range(n):
        dx, dy = abs(x - x[i]), abs(y - y[i])
        reach = np.sort(np.maximum(dx, dy))[k]  # the 0-th is the row itself
        reach -= 1e-13  # mirrored ranks are equally far apart, their scores but for rounding
        terms.append(digamma((dx < reach).sum()) + digamma((dy < reach).sum()))  # each counts the row
    return digamma(k) + digamma(n) - np.mean(terms)


@pytest.mark.parametrize("k", [1, 3, 7])
def test_it_is_equation_8(k):
    X, Y = gaussian(0.7, 120, pairs=2)
    found = mutual_information(X, Y, "ksg", parameters={"neighbours": k})
    for i in range(2):
        for j in range(2):
            assert math.isclose(found.mi[i, j], readable(X[:, i], Y[:, j], k), abs_tol=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_gaussian_pairs_are_right_within_their_errors(rho):
    truth = -0.5 * math.log(1 - rho**2)
    mi, se = diagonal(*gaussian(rho))
    assert (abs(mi - truth) < 3.5 * se).all()
    assert (se < 0.05).all() and abs(mi.mean() - truth) < 0.03


@pytest.mark.parametrize(
    "table", [[[0.4, 0.1], [0.1, 0.4]], [[0.5, 0.0], [0.0, 0.5]], [[0.3, 0.05, 0.05], [0.1, 0.2, 0.3]]]
)
def test_discrete_pairs_are_the_plug_in_value_less_its_bias(table):
    P = np.array(table)
    cells = np.random.default_rng(1).choice(P.size, (ROWS, 4), p=P.ravel())
    X, Y = (c.astype(float) for c in np.divmod(cells, P.shape[1]))
    mi, _ = diagonal(X, Y)
    for i in range(4):
        p = np.histogram2d(X[:, i], Y[:, i], bins=P.shape)[0] / ROWS
        px, py = p.sum(1), p.sum(0)
        plug_in = (p[p > 0] * np.log((p / np.outer(px, py))[p > 0])).sum()
        # psi(c + 1) = ln c + 1/(2c) - ...: (K_xy - K_x - K_y) / 2n more than the plug-in, without Miller's 1
        expected = plug_in + ((p > 0).sum() - len(px) - len(py)) / (2 * ROWS)
        assert abs(mi[i] - min(expected, np.log(2))) < 2e-3


def test_a_cell_of_just_k_neighbours_is_an_atom_like_any_other():
    X = np.repeat([0.0, 0.0, 1.0, 1.0], [496, 4, 4, 496])[:, None]
    Y = np.repeat([0.0, 1.0, 0.0, 1.0], [496, 4, 4, 496])[:, None]
    mi, se = diagonal(X, Y)
    truth = np.log(2) + 0.992 * np.log(0.992) + 0.008 * np.log(0.008)  # ln 2 - H(.008)
    # psi(5) is ln 4 + 1/8 but for 1/192: the plug-in value, and 0 for K_xy = 4 = K_x + K_y
    assert abs(mi[0] - truth) < 1e-4 and np.isfinite(se).all()


@pytest.mark.parametrize("step", [0.1, 0.25, 1.0])
def test_rounded_columns_are_right_within_their_errors(step):
    X, Y = gaussian(0.6, 2000)
    rounded = np.round(X / step), np.round(Y / step)
    # Sheppard: rounding adds step^2/12 to a variance; the correlation falls by that, the MI about likewise
    truth = -0.5 * math.log(1 - (0.6 / (1 + step**2 / 12)) ** 2)
    mi, se = diagonal(*rounded)
    assert (abs(mi - truth) < 3.5 * se).all() and abs(mi.mean() - truth) < 0.02


def test_half_zeros_are_right_within_their_errors():
    # y = max(0, x): I = H(1/2) + what the positive half says, which n rows can't show in full
    X, Y = gaussian(0.6, 2000, pairs=4)
    whole, _ = diagonal(X, Y)
    half, se = diagonal(X, np.maximum(Y, 0))
    assert (half < whole).all() and (half > 0.4 * whole).all() and (se < 0.05).all()


def test_independent_ties_stay_independent():
    rng = np.random.default_rng(7)
    X, Y = rng.integers(0, 60, (ROWS, 10)).astype(float), rng.integers(0, 9, (ROWS, 10)).astype(float)
    found = mutual_information(X, Y, "ksg")
    assert abs(found.mi.mean()) < 0.01 and (abs(found.mi) < 4 * found.se).all()


def test_many_rows_that_are_close_together_are_told_apart():
    rng = np.random.default_rng(11)
    n, rho = 40_000, 0.6
    x = rng.standard_normal((n, 2))
    y = np.maximum(rho * x[:, :1] + 0.8 * rng.standard_normal((n, 1)), 0)
    found = mutual_information(x, y, "ksg", permutations=20)
    # I(x; max(0, y)): E of ln of the density ratio, of ln 2 Phi(-rho x / .8) where y is 0
    assert abs(found.mi[0, 0] - 0.1769) < 4 * found.se[0, 0]
    assert abs(found.mi[1, 0]) < 4 * found.se[1, 0]


def test_a_function_without_noise_is_a_lower_bound():
    x = np.random.default_rng(0).standard_normal((ROWS, 1))
    found = mutual_information(x, np.hstack([x**3, np.exp(-x)]), "ksg")
    # every neighbour is one in x and in y: psi(n) - psi(k)
    assert np.allclose(found.mi, digamma(ROWS) - digamma(3), atol=0.05)
    assert found.lower_bound.all() and (found.mi <= found.ceiling).all()


def test_an_increasing_map_and_the_exchange_of_sides_change_nothing():
    X, Y = gaussian(0.5, 300)
    Y = np.round(Y, 1)
    found = mutual_information(X, Y, "ksg").mi
    assert np.array_equal(found, mutual_information(np.exp(X), Y**3, "ksg").mi)
    assert np.allclose(found, mutual_information(Y, X, "ksg").mi.T, atol=1e-12, rtol=0)


def test_tiles_find_what_trees_find():
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((5, 300)), rng.integers(0, 4, (5, 300)).astype(float)
    x[1] = np.round(x[1])
    x[2] = np.maximum(x[2], 0)
    y[3:] = rng.standard_normal((2, 300))
    given = torch.from_numpy(x), torch.from_numpy(y)
    for tree, tile in zip(by_trees(*given, 3), by_tiles(*given, 3), strict=True):
        assert torch.equal(tree, tile)


def test_tiles_do_not_depend_on_their_size(monkeypatch):
    given = torch.from_numpy(gaussian(0.5, 100)[0].T.copy()), torch.from_numpy(gaussian(0.5, 100)[1].T.copy())
    whole = by_tiles(*given, 3)
    monkeypatch.setitem(__import__("estimator.mutual_information.ksg", fromlist=["_TILE"])._TILE, "cpu", 1000)
    for a, b in zip(whole, by_tiles(*given, 3), strict=True):
        assert torch.equal(a, b)


@pytest.mark.cuda
def test_a_gpu_agrees_with_the_cpu():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here: ksg on a GPU is not tested")
    X, Y = gaussian(0.6)
    assert np.allclose(diagonal(X, Y, device="cpu")[0], diagonal(X, Y, device="cuda")[0], atol=1e-9)
