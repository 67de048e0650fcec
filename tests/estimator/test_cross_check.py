import math

import numpy as np
import pytest

from estimator.errors import Cancelled, InvalidParameter
from estimator.mutual_information import mutual_information
from estimator.mutual_information.cross_check import CrossCheck, cross_check, refine


def table(p, q, n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, X @ rng.standard_normal((p, q)) + rng.standard_normal((n, q))


@pytest.mark.parametrize(("p", "q"), [(4, 16), (16, 4), (1, 30), (30, 1), (45, 40), (3, 1)])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_sample_has_about_the_share_of_pairs_spread_over_the_columns(p, q, share):
    X, Y = table(p, q, 60)
    first = mutual_information(X, Y, permutations=20)
    check = cross_check(X, Y, first, "ksg", share=share)
    pairs = set(zip(check.rows.tolist(), check.columns.tolist(), strict=True))
    assert len(pairs) == len(check.first)
    assert share * p * q <= len(pairs) <= math.ceil(share * p * q) + max(p, q) / 2
    assert check.share == len(pairs) / (p * q)
    if share == 0.5 and min(p, q) > 1:
        for count in (np.bincount(check.rows, minlength=p), np.bincount(check.columns, minlength=q)):
            assert count.min() >= 0.2 * count.max()


def test_the_second_estimates_are_those_of_the_second_method():
    X, Y = table(5, 7)
    X[:, 2] = 1.0
    first, second = mutual_information(X, Y), mutual_information(X, Y, "ksg")
    check = cross_check(X, Y, first, "ksg", share=1)
    at = check.rows, check.columns
    assert len(check.first) == 28 and 2 not in check.rows
    assert np.array_equal(check.first, first.mi[at]) and np.array_equal(check.second, second.mi[at])
    expected = (second.mi[at] - first.mi[at]) / np.hypot(first.se[at], second.se[at])
    assert np.allclose(check.joint_errors, expected)


def test_two_right_methods_agree_within_their_errors():
    X, Y = table(6, 6, 1000)
    summary = cross_check(X, Y, mutual_information(X, Y), "ksg", share=1).as_dict()
    assert summary["median_errors"] < 1.5 and summary["apart"] <= 2 and summary["pairs"] == 36


def test_the_seed_draws_the_sample():
    X, Y = table(8, 8, 60)
    first = mutual_information(X, Y, permutations=20)
    drawn = [cross_check(X, Y, first, "ksg", share=0.2, seed=seed).rows.tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    columns = [cross_check(X, Y, first, "ksg", share=0.2, seed=seed).columns.tolist() for seed in (1, 2)]
    assert (drawn[0], columns[0]) != (drawn[2], columns[1])


def test_a_dependence_too_sharp_for_the_first_is_refined_and_marked():
    rng = np.random.default_rng(4)
    X = rng.uniform(-1, 1, (1000, 2))
    Y = np.column_stack([np.sin(8 * np.pi * X[:, 0]), X[:, 1] + rng.standard_normal(1000)])
    first = mutual_information(X, Y)
    check = cross_check(X, Y, first, "ksg", share=1)
    refined = refine(first, check)
    # 8 full waves without noise: beyond any smooth critic of this size, plain to neighbours
    assert refined.method[0, 0] == "ksg" and refined.lower_bound[0, 0]
    assert refined.mi[0, 0] > first.mi[0, 0] + 0.5 and refined.ci_low[0, 0] > first.ci_low[0, 0]
    others = np.array([[False, True], [True, True]])
    assert (refined.method[others] == "convex").all()
    assert np.array_equal(refined.mi[others], first.mi[others])
    assert (refined.mi <= refined.ceiling).all() and refined.metadata["refined"] == 1
    assert first.method[0, 0] == "convex"  # the first result is left as it was


def test_nothing_to_check_is_said_and_not_an_error():
    X, Y = np.ones((40, 2)), np.zeros((40, 3))
    check = cross_check(X, Y, mutual_information(X, Y), "ksg")
    assert check.as_dict()["pairs"] == 0 and check.share == 0


def test_errors_of_zero_give_finite_disagreement():
    one = np.array([0])
    check = CrossCheck("ksg", one, one, np.array([0.1]), np.zeros(1), np.array([0.1]), np.zeros(1), 1.0)
    assert check.joint_errors == [0.0]


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    X, Y = table(2, 2, 60)
    with pytest.raises(InvalidParameter, match="cross_check_share"):
        cross_check(X, Y, mutual_information(X, Y), "ksg", share=share)


def test_a_cancellation_passes_through():
    X, Y = table(4, 4, 60)

    def stop(phase, done, total):
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        cross_check(X, Y, mutual_information(X, Y), "ksg", share=1, progress=stop)
