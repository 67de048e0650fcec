import math

import numpy as np
import pytest
import torch

from estimator.mutual_information import mutual_information
from estimator.mutual_information.bins import binned
from estimator.mutual_information.critics import (
    Side,
    balanced,
    critic_values,
    first_units,
    gradient,
    log_mean_exp,
    starting_basis,
)
from estimator.mutual_information.mine import Mine

ROWS = 1000


def gaussian(rho, n=ROWS, seed=0, pairs=8):
    """`pairs` columns on either side, the i-th of both correlated by rho."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, pairs))
    return X, rho * X + math.sqrt(1 - rho**2) * rng.standard_normal((n, pairs))


def diagonal(X, Y, **options):
    found = mutual_information(X, Y, "mine", **options)
    return np.diag(found.mi), np.diag(found.se), np.diag(found.lower_bound)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9])
def test_gaussian_pairs_are_right_within_their_errors(rho):
    truth = -0.5 * math.log(1 - rho**2)
    floor = rho / math.sqrt(ROWS)  # sd of the pointwise MI is rho
    mi, se, _ = diagonal(*gaussian(rho))
    assert np.isfinite(mi).all() and (se > 0).all()
    assert (abs(mi - truth) < 3.5 * se).all()  # of 8: one beyond by chance in 250 runs
    assert math.sqrt(np.mean((mi - truth) ** 2)) < 2 * floor + 0.005
    assert abs(mi.mean() - truth) < 0.06


def test_the_error_falls_like_one_over_root_n():
    truth = -0.5 * math.log(1 - 0.6**2)
    errors = []
    for n in (500, 8000):
        mi, _, _ = diagonal(*gaussian(0.6, n, seed=4))
        errors.append(math.sqrt(np.mean((mi - truth) ** 2)))
    assert errors[1] < errors[0] / 2  # 16 times the rows: 4 times less but for chance


@pytest.mark.parametrize(
    "table", [[[0.4, 0.1], [0.1, 0.4]], [[0.3, 0.02, 0.02], [0.02, 0.3, 0.02], [0.02, 0.02, 0.28]]]
)
def test_discrete_pairs_are_right_within_their_errors(table):
    P = np.array(table)
    truth = float((P * np.log(P / np.outer(P.sum(1), P.sum(0)))).sum())
    cells = np.random.default_rng(1).choice(P.size, (ROWS, 8), p=P.ravel())
    mi, se, _ = diagonal(*(c.astype(float) for c in np.divmod(cells, len(P))))
    assert (abs(mi - truth) < 3.5 * se).all()


def test_a_dependence_without_correlation_is_found():
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (ROWS, 1))
    mi, _, _ = diagonal(X, X**2 + 0.1 * rng.standard_normal((ROWS, 1)))
    # y given x has sd .1, and y is spread over [0, 1]: about ln(1 / (.1 sqrt(2 pi e))) + .3
    assert 0.8 < mi[0] < 1.5


def test_independent_pairs_are_close_to_nothing():
    rng = np.random.default_rng(3)
    found = mutual_information(rng.standard_normal((ROWS, 10)), rng.standard_normal((ROWS, 10)), "mine")
    assert abs(found.mi).max() < 0.02 and abs(found.mi.mean()) < 0.003
    assert (found.q_value > 0.05).all()


def test_what_the_critic_cannot_resolve_is_a_lower_bound():
    mi, _, lower = diagonal(*gaussian(0.999))
    truth = -0.5 * math.log(1 - 0.999**2)
    assert (mi < truth).all() and lower.all()


def test_seeds_differ_by_less_than_the_errors():
    X, Y = gaussian(0.6)
    first, se, _ = diagonal(X, Y, seed=0)
    second, _, _ = diagonal(X, Y, seed=1)
    assert (first != second).any() and (abs(first - second) < 2 * se).all()


def test_an_increasing_map_of_a_column_changes_nothing():
    X, Y = gaussian(0.5, 300)
    assert np.array_equal(diagonal(X, Y)[0], diagonal(np.exp(X), Y**3)[0])


def test_more_units_and_steps_are_taken_and_recorded():
    found = mutual_information(*gaussian(0.5, 100, pairs=1), "mine", parameters={"hidden": 8, "steps": 20})
    assert found.metadata["parameters"] == {"hidden": 8, "steps": 20, "learning_rate": 0.08}


def prepared(n=4000, pairs=3):
    X, Y = gaussian(0.7, n, pairs=pairs)
    start = first_units(16, 0, "cpu")
    sides = []
    for Z in (X, Y):
        bins = binned(Z, 32)
        node, mass = torch.from_numpy(bins.node), torch.from_numpy(bins.mass)
        sides.append(Side(node, mass, starting_basis(node, mass, *start)))
    counts = np.zeros((pairs, 32, 32), dtype=np.float32)
    for b, (i, j) in enumerate(zip(binned(X, 32).label, binned(Y, 32).label, strict=True)):
        np.add.at(counts[b], (i[: n // 2], j[: n // 2]), 1)
    return *sides, balanced(torch.from_numpy(counts) / (n // 2), *sides), start


def test_the_gradient_is_that_of_the_donsker_varadhan_bound():
    x, y, joint, start = prepared()
    random = torch.Generator().manual_seed(1)
    weights = [u.repeat(3, 1) for u in (*start, *start)] + [torch.randn(3, 16, 16, generator=random) / 4]
    by_hand, values, log_mean = gradient(weights, x, y, joint)
    for weight in weights:
        weight.requires_grad_()
    bound = (joint * critic_values(weights, x, y)).sum() - log_mean_exp(
        critic_values(weights, x, y), x, y
    ).sum()
    by_torch = torch.autograd.grad(bound, weights)
    for mine, its in zip(by_hand, by_torch, strict=True):
        assert torch.allclose(mine, its, rtol=1e-3, atol=1e-5)
    assert torch.allclose((joint * values).sum() - log_mean.sum(), bound, rtol=1e-5)


def test_a_fold_is_balanced_to_the_margins_of_all_rows():
    x, y, joint, _ = prepared()
    assert torch.allclose(joint.sum(2), x.mass, atol=2e-3) and torch.allclose(joint.sum(1), y.mass, atol=2e-3)


def test_few_values_keep_their_own_levels_and_atoms_stay_whole():
    column = np.repeat([3.0, -1.0, 7.0], [10, 60, 30])[:, None]
    bins = binned(column, 32)
    assert np.allclose(bins.mass[0, :3], [0.6, 0.1, 0.3]) and bins.mass[0, 3:].sum() == 0
    relu = np.maximum(np.random.default_rng(0).standard_normal((1000, 1)), 0)
    bins = binned(relu, 32)
    assert math.isclose(bins.mass.sum(), 1, rel_tol=1e-5)
    zeros = bins.label[0][relu[:, 0] == 0]
    assert (zeros == zeros[0]).all() and (bins.mass[0] > 0).sum() >= 25


@pytest.mark.cuda
def test_a_gpu_agrees_with_the_cpu():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here: mine on a GPU is not tested")
    X, Y = gaussian(0.6)
    on_cpu, on_gpu = diagonal(X, Y, device="cpu"), diagonal(X, Y, device="cuda")
    assert (abs(on_cpu[0] - on_gpu[0]) < on_cpu[1] / 2).all()


def test_parameters_have_defaults_that_are_shown():
    assert dict(Mine().parameters()) == {"hidden": 16, "steps": 300, "learning_rate": 0.08}
