"""What is common to the methods: checks, constant columns, blocks, ceilings, q-values, progress."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from estimator.errors import Cancelled, InvalidParameter, MemoryLimit, TooFewRows
from estimator.mutual_information import blocks, mutual_information, mutual_information_within
from estimator.mutual_information.entropy import entropies
from estimator.mutual_information.false_discovery import benjamini_hochberg

METHODS = ["convex", "mine", "ksg"]


def dependent(n=200, p=3, q=4, seed=0):
    """Columns that hear of each other through five sources; ReLU atoms among the second."""
    rng = np.random.default_rng(seed)
    sources = rng.standard_normal((n, 5))
    X = sources @ rng.standard_normal((5, p)) + rng.standard_normal((n, p))
    return X, np.maximum(sources @ rng.standard_normal((5, q)), 0)


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_a_constant_column_has_no_information(self, method):
        X, Y = dependent()
        X[:, 1] = 0.1
        Y[:, 0] = -0.0
        Y[:, 2] = np.where(np.arange(200) % 2, -0.0, 0.0)  # one value, since -0.0 is 0.0
        found = mutual_information(X, Y, method)
        for at in [(1, slice(None)), (slice(None), 0), (slice(None), 2)]:
            assert (found.mi[at] == 0).all() and (found.se[at] == 0).all()
            assert (found.p_value[at] == 1).all() and (found.q_value[at] == 1).all()
            assert (found.ci_low[at] == 0).all() and (found.ci_high[at] == 0).all()
            assert (found.ceiling[at] == 0).all() and not found.saturated[at].any()
        assert (found.se[0, [1, 3]] > 0).all() and (found.ceiling[0, [1, 3]] > 1).all()

    def test_a_constant_column_changes_no_other_pair(self, method):
        X, Y = dependent()
        alone, beside = (
            mutual_information(X, Y, method),
            mutual_information(np.insert(X, 1, 7.0, axis=1), Y, method),
        )
        for field in ("mi", "se", "p_value", "q_value", "ceiling"):
            assert np.array_equal(getattr(alone, field), np.delete(getattr(beside, field), 1, axis=0)), field

    def test_only_constant_columns(self, method):
        assert mutual_information(np.ones((40, 0)), np.zeros((40, 3)), method).mi.shape == (0, 3)
        found = mutual_information(np.ones((40, 2)), np.zeros((40, 3)), method)
        assert found.mi.shape == (2, 3) and (found.q_value == 1).all()

    def test_thirty_rows_are_enough_and_29_are_not(self, method):
        X, Y = dependent(30)
        found = mutual_information(X, Y, method)
        assert all(np.isfinite(getattr(found, f)).all() for f in ("mi", "se", "ci_low", "ci_high", "p_value"))
        with pytest.raises(TooFewRows, match="29 rows; at least 30"):
            mutual_information(X[:29], Y[:29], method)

    def test_the_order_of_columns_changes_nothing(self, method):
        X, Y = dependent(p=4, q=5)
        order, other = [2, 0, 3, 1], [4, 1, 0, 3, 2]
        found, moved = mutual_information(X, Y, method), mutual_information(X[:, order], Y[:, other], method)
        for field in ("mi", "se", "p_value", "q_value", "ceiling", "lower_bound"):
            assert np.array_equal(getattr(moved, field), getattr(found, field)[np.ix_(order, other)]), field

    def test_the_size_of_blocks_changes_nothing(self, method, monkeypatch):
        X, Y = dependent(100, 6, 7)
        whole, whole_within = mutual_information(X, Y, method), mutual_information_within(Y, method)
        monkeypatch.setattr("estimator.mutual_information.estimation.most_pairs", lambda *_: 2)
        small, small_within = mutual_information(X, Y, method), mutual_information_within(Y, method)
        # nats: convex takes its Newton steps in float32, and on a GPU sums depend on how many pairs there are
        rounding = 1e-4 if method == "convex" else 1e-6 if torch.cuda.is_available() else 0
        for a, b in ((whole, small), (whole_within, small_within)):
            assert abs(a.mi - b.mi).max() <= rounding and abs(a.se - b.se).max() <= rounding

    def test_the_same_call_gives_the_same_bits(self, method):
        X, Y = dependent()
        first, again = mutual_information(X, Y, method, seed=3), mutual_information(X, Y, method, seed=3)
        assert first.mi.tobytes() == again.mi.tobytes() and first.p_value.tobytes() == again.p_value.tobytes()

    def test_within_is_symmetric_with_an_unmeasured_diagonal(self, method):
        _, Y = dependent(q=6)
        Y[:, 4] = 2.0
        found, both = mutual_information_within(Y, method), mutual_information(Y, Y, method)
        for field in ("mi", "se", "p_value", "q_value", "ceiling", "lower_bound", "saturated"):
            values = getattr(found, field)
            assert np.array_equal(values, values.T), field
        assert (np.diag(found.mi) == 0).all() and (np.diag(found.q_value) == 1).all()
        assert np.allclose(np.diag(found.ceiling), entropies(Y))
        upper = np.triu_indices(6, 1)
        assert np.allclose(found.mi[upper], both.mi[upper], rtol=0, atol=1e-6)
        measured = ~(np.eye(6, dtype=bool) | (np.arange(6) == 4) | (np.arange(6) == 4)[:, None])
        once = np.triu(measured)
        assert np.array_equal(found.q_value[once], benjamini_hochberg(found.p_value[once]))

    def test_equal_columns_stay_under_their_ceiling_and_are_saturated(self, method):
        values = np.repeat([0.0, 1.0, 5.0], [50, 70, 80])[:, None]
        found = mutual_information(values, np.hstack([values, -values]), method)
        # H = -(.25 ln .25 + .35 ln .35 + .4 ln .4)
        assert np.allclose(found.ceiling, 1.080528, atol=1e-6)
        assert (found.mi <= found.ceiling).all() and (found.mi > 0.9 * found.ceiling).all()
        assert found.saturated.all() and (found.q_value < 0.05).all()

    def test_one_odd_value_in_a_thousand(self, method):
        rng = np.random.default_rng(1)
        X, Y = np.zeros((1000, 1)), rng.standard_normal((1000, 3))
        X[137] = 1
        found = mutual_information(X, Y, method)
        assert (found.mi <= found.ceiling).all() and np.isfinite(found.se).all()
        assert np.allclose(found.ceiling, -(0.001 * np.log(0.001) + 0.999 * np.log(0.999)))

    def test_independent_columns_have_no_edges(self, method):
        rng = np.random.default_rng(5)
        X, Y = rng.standard_normal((300, 12)), np.maximum(rng.standard_normal((300, 12)), 0)
        found = mutual_information(X, Y, method)
        assert (found.q_value <= 0.05).sum() <= 1  # of 144 true nulls: one in twenty analyses has any
        assert (found.ci_low == 0).mean() > 0.9
        assert abs(found.mi.mean()) < 0.02


def test_one_column_against_two_thousand():
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((50, 1)), rng.standard_normal((50, 2000))
    Y[:, 1234] = X[:, 0]
    found = mutual_information(X, Y, permutations=20)
    assert found.mi.shape == (1, 2000) and found.mi.argmax() == 1234


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_by_row_and_column(value):
    X, Y = dependent()
    Y[41, 2] = value
    with pytest.raises(InvalidParameter) as raised:
        mutual_information(X, Y)
    place = raised.value.errors[0]
    assert (place.field, place.row, place.column) == ("Y", 42, "2") and str(value) in place.detail


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"method": "knn"}, "estimator"),
        ({"seed": -1}, "seed"),
        ({"alpha": 0.0}, "alpha"),
        ({"permutations": 3}, "permutations"),
        ({"device": "tpu"}, "device"),
        ({"method": "mine", "parameters": {"steps": 0}}, "parameters.steps"),
        ({"method": "mine", "parameters": {"steps": True}}, "parameters.steps"),
        ({"method": "mine", "parameters": {"learning_rate": float("nan")}}, "parameters.learning_rate"),
        ({"method": "ksg", "parameters": {"neighbours": 2.5}}, "parameters.neighbours"),
        ({"method": "ksg", "parameters": {"k": 3}}, "parameters"),
        ({"X": np.zeros(40)}, "X"),
        ({"X": [["one"]] * 40}, "X"),
        ({"Y": np.zeros((40, 2))}, "Y"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(change, field):
    X, Y = dependent()
    with pytest.raises(InvalidParameter) as raised:
        mutual_information(**{"X": X, "Y": Y, **change})
    assert raised.value.errors[0].field == field


def test_cuda_where_there_is_none_is_refused():
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(InvalidParameter, match="no CUDA device"):
        mutual_information(*dependent(), device="cuda")


def test_progress_rises_to_its_total_and_a_cancellation_passes_through(monkeypatch):
    monkeypatch.setattr("estimator.mutual_information.estimation.most_pairs", lambda *_: 2)
    X, Y = dependent()
    told = []
    mutual_information(X, Y, progress=lambda *now: told.append(now))
    assert {phase for phase, _, _ in told} == {"estimating"} and {total for _, _, total in told} == {24}
    done = [d for _, d, _ in told]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 24 and len(done) > 5

    def stop(phase, done, total):
        if done >= 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        mutual_information(X, Y, progress=stop)


def test_when_memory_runs_out_blocks_are_halved_until_they_fit():
    def estimate(block):
        if block.pairs > 5:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return block.shape

    covered = np.zeros((7, 9), dtype=int)
    for block, shape in blocks.work(blocks.rectangle(7, 9, 63), estimate):
        covered[block.rows, block.columns] += 1
        assert shape == block.shape
    assert (covered == 1).all()


def test_a_pair_that_does_not_fit_in_memory_is_an_error():
    def estimate(block):
        raise MemoryError

    with pytest.raises(MemoryLimit, match="one pair"):
        list(blocks.work(blocks.rectangle(3, 2, 6), estimate))


def test_another_runtime_error_is_not_taken_for_lack_of_memory():
    def estimate(block):
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        list(blocks.work(blocks.rectangle(2, 2, 4), estimate))


@pytest.mark.parametrize(
    ("p", "q", "most"), [(1, 2000, 100), (2000, 1, 100), (30, 50, 1), (129, 130, 16384), (5, 4, 20)]
)
def test_blocks_cover_every_pair_once_and_keep_to_their_size(p, q, most):
    covered = np.zeros((p, q), dtype=int)
    for block in blocks.rectangle(p, q, most):
        assert block.pairs <= most
        covered[block.rows, block.columns] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize("halves", [True, False])
@pytest.mark.parametrize(("p", "most"), [(2, 100), (16, 16384), (50, 1), (300, 4096)])
def test_a_triangle_of_blocks_covers_every_pair_of_columns(p, most, halves):
    covered = np.zeros((p, p), dtype=int)
    for block in blocks.triangle(p, most, halves=halves):
        assert block.pairs <= most
        covered[block.rows, block.columns] += 1
    assert (covered[np.triu_indices(p, 1)] == 1).all()


def test_free_memory_is_some_and_no_more_than_the_machine_has():
    import psutil

    assert 0 < blocks.free_bytes("cpu") <= psutil.virtual_memory().total


def test_entropies_are_those_of_the_counts():
    X = np.array([[0.0, 1.0, 5.0], [0.0, 2.0, 5.0], [1.0, 3.0, 5.0], [2.0, 4.0, 5.0]])
    assert np.allclose(entropies(X), [1.5 * np.log(2), np.log(4), 0.0])


def test_the_record_says_how_it_was_done():
    found = mutual_information(*dependent(), method="ksg", seed=9, parameters={"neighbours": 4})
    assert found.metadata["method"] == "ksg" and found.metadata["parameters"] == {"neighbours": 4}
    assert found.metadata["seed"] == 9 and found.metadata["rows"] == 200 and found.metadata["device"]
    assert found.metadata["significant"] == (found.q_value <= 0.05).sum()
    assert set(found.metadata["versions"]) == {"neural-information-flow", "numpy", "scipy", "torch"}
    assert (found.method == "ksg").all()


def test_importing_the_package_loads_no_torch():
    code = "import sys, estimator.mutual_information; assert not {'torch', 'onnxruntime'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
