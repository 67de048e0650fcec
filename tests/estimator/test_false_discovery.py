import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from estimator.errors import InvalidParameter
from estimator.mutual_information.false_discovery import benjamini_hochberg

p_values = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.01, 0.5, 1.0]), min_size=1, max_size=60)


@given(p_values)
def test_q_values_are_those_of_scipy(p):
    assert np.allclose(benjamini_hochberg(p), false_discovery_control(p), rtol=1e-14, atol=0)


@given(p_values)
def test_q_never_falls_as_p_rises_and_is_never_below_p(p):
    q = benjamini_hochberg(p)
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= 0).all()
    assert (q >= np.array(p) * (1 - 1e-15)).all() and (q <= 1).all()


def test_equal_p_values_get_equal_q_values():
    # m = 4: the three .02 are ranks 1 to 3, q = .02 * 4/3.
    assert np.allclose(benjamini_hochberg([0.02, 0.02, 0.02, 0.9]), [0.08 / 3] * 3 + [0.9], rtol=1e-15)


def test_no_p_value_gives_no_q_value():
    assert benjamini_hochberg(np.zeros((0, 5))).shape == (0, 5)


def test_a_single_p_value_is_its_own_q_value():
    assert benjamini_hochberg([0.03]) == [0.03]


def test_the_shape_is_kept():
    p = np.random.default_rng(0).random((7, 11))
    assert np.array_equal(benjamini_hochberg(p), benjamini_hochberg(p.ravel()).reshape(7, 11))


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1, np.inf])
def test_what_is_no_p_value_is_refused_with_its_place(wrong):
    p = np.full((2, 3), 0.5)
    p[1, 2] = wrong
    with pytest.raises(InvalidParameter, match=r"p\[1, 2\]"):
        benjamini_hochberg(p)
