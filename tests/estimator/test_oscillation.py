"""Structure too fine for the convex critic is seen, and nothing is taken for it that is not."""

import numpy as np
import pytest

from estimator.mutual_information.columns import columns
from estimator.mutual_information.convex.oscillation import oscillates
from tests.estimator.distributions import tasks


def seen(X, Y):
    x, y = columns(np.asarray(X, dtype=float)), columns(np.asarray(Y, dtype=float))
    return oscillates(x, y, slice(0, X.shape[1]), slice(0, Y.shape[1]), "cpu")


def runs(task, n, count):
    random = np.random.default_rng(0)
    drawn = [task.draw(random, n) for _ in range(count)]
    return np.stack([x for x, _ in drawn], 1), np.stack([y for _, y in drawn], 1)


@pytest.mark.parametrize("kind", ["mean", "width"])
def test_oscillation_of_the_mean_or_the_width_is_seen_from_either_side(kind):
    random = np.random.default_rng(0)
    x, e = random.standard_normal((2, 1000 if kind == "mean" else 4000, 20))
    wave = np.sin(8 * x)
    y = wave + 0.3 * e if kind == "mean" else (1.2 + wave) * e
    for found in (seen(x, y), seen(y, x).T):
        assert np.diag(found).mean() >= 0.95
        assert found[~np.eye(20, dtype=bool)].mean() < 0.01


@pytest.mark.parametrize("task", [t for t in tasks() if t.kind != "sharp"], ids=lambda t: t.name)
def test_smooth_and_discrete_dependence_is_no_oscillation(task):
    # independent pairs (run i of x, j of y) and dependent ones
    assert seen(*runs(task, 1000, 30)).mean() < 0.003
    assert np.diag(seen(*runs(task, 3000, 20))).mean() <= 0.1


def test_independent_atoms_and_counts_are_no_oscillation():
    Z = np.random.default_rng(1).standard_normal((600, 60))
    X = np.c_[np.maximum(Z[:, :20], 0), np.maximum(Z[:, 20:40] - 0.3, 0), np.round(4 * Z[:, 40:])]
    Y = np.random.default_rng(2).permutation(X)
    assert seen(X, Y).mean() < 0.005


def test_the_block_and_the_chunk_do_not_matter(monkeypatch):
    x, e = np.random.default_rng(3).standard_normal((2, 1000, 4))
    whole = seen(x, np.sin(8 * x) + 0.3 * e)
    monkeypatch.setattr("estimator.mutual_information.convex.oscillation.CHUNK_BYTES", 4 * 48 * 100)
    assert np.array_equal(seen(x, np.sin(8 * x) + 0.3 * e), whole)
    assert np.array_equal(seen(x[:, :1], (np.sin(8 * x) + 0.3 * e)[:, 1:3]), whole[:1, 1:3])


def test_a_few_rows_cannot_show_it():
    x = np.random.default_rng(4).standard_normal((200, 2))
    assert not seen(x, np.sin(8 * x)).any()
