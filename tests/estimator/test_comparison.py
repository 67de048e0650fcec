"""A comparison: agreement against SciPy, deletion curves with known answers, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx import helper
from scipy import stats

from estimator import Options, analyze
from estimator.comparison import Comparison, ComparisonOptions, compare
from estimator.comparison.agreement import correlation, nearness, ranks, shares
from estimator.comparison.deletion import deletion
from estimator.data.read import read_table
from estimator.errors import InvalidParameter
from estimator.graph.attribution import attributions
from estimator.network import FlowNetwork
from estimator.scoring.truth import Truth
from tests.estimator.explained import example, graph, subject_of

QUICK = ("nif", "mi")
values = arrays(np.float64, (4, 3), elements=st.floats(0, 1e300))


@settings(deadline=None, max_examples=100)
@given(values)
def test_shares_of_each_output_add_up_to_one_or_are_all_zero(x) -> None:
    sums = shares(x).sum(axis=0)
    assert np.all(np.isclose(sums, 1) | ((x.sum(axis=0) == 0) & (sums == 0)))


def test_spearman_is_scipys_over_all_shares() -> None:
    rng = np.random.default_rng(0)
    for p, k in ((4, 3), (9, 2), (40, 5)):
        x, y = rng.random((p, k)).round(1), rng.random((p, k))  # with ties
        found = correlation("a", x, "b", y, seed=0)
        assert found.value == pytest.approx(stats.spearmanr(x.ravel(), y.ravel()).statistic)
        assert found.n == p * k


def test_its_p_value_is_of_the_orders_of_features_all_outputs_together() -> None:
    x = np.array([[4.0], [3.0], [2.0], [1.0]])
    exact = correlation("a", x, "b", x, seed=0).p_value
    assert exact == pytest.approx(2 / 24)  # one of 4! orders is as good, two-sided
    mirrored = np.hstack([x, x])
    assert correlation("a", mirrored, "b", mirrored, seed=0).p_value == exact, (
        "an output said twice adds none"
    )
    y = np.random.default_rng(1).random((6, 1))
    z = np.arange(6.0)[:, None]
    by_scipy = stats.permutation_test(
        (stats.rankdata(y),), lambda q: stats.pearsonr(q, z[:, 0]).statistic,
        permutation_type="pairings", n_resamples=10_000,
    )  # fmt: skip
    assert correlation("a", y, "b", z, seed=0).p_value == pytest.approx(by_scipy.pvalue)
    assert correlation("a", x, "b", np.ones((4, 1)), seed=0).value is None
    assert correlation("a", x[:1], "b", x[:1], seed=0).p_value is None


def test_kolmogorov_smirnov_is_scipys_and_the_distance_is_by_feature() -> None:
    rng = np.random.default_rng(0)
    x, y = shares(rng.random((7, 2))), shares(rng.random((7, 2)))
    found, whole = nearness("a", x, "b", y), stats.ks_2samp(x.ravel(), y.ravel())
    assert (found.statistic, found.p_value) == (whole.statistic, whole.pvalue)
    first = stats.ks_2samp(x[:, 0], y[:, 0])
    assert found.by_output[0] == (first.statistic, first.pvalue)
    swapped = nearness("a", x, "b", x[::-1])
    assert swapped.statistic == 0 and swapped.distance > 0, "the test forgets which feature is which"
    one, other = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    assert nearness("a", one, "b", other).distance == 1
    assert ranks(np.array([0.2, 0.5, 0.2])).tolist() == [2.5, 1, 2.5]


# The class is the sign of x0; x1 is ignored; both have a mean of exactly 0.
X = np.array([[-2.0, 1], [-1, -1], [-1, 1], [-1, -1], [5, 0]])
SIGN = graph(
    [helper.make_node("Gemm", ["x", "W", "b"], ["z"]), helper.make_node("Softmax", ["z"], ["y"], axis=1)],
    {"W": [[0, 1], [0, 0]], "b": [0, 0.25]},
    2,
    ["no", "yes"],
)


def test_a_deletion_curve_of_a_model_whose_answer_is_known() -> None:
    """Without x0 every row has the score of 0, above the threshold: only the one "yes" of five is right."""
    truth = Truth("label", "accuracy", ("no", "yes"), codes=np.array([0, 0, 0, 0, 1]))
    options = ComparisonOptions(random_orders=10)
    importance = {"right": np.array([2.0, 1.0]), "wrong": np.array([0.0, 1.0]), "tied": np.ones(2)}
    found = deletion(subject_of(SIGN, X), truth, importance, options)
    right, wrong, tied = found.curves
    assert found.removed.tolist() == [0, 1, 2]
    assert right.order.tolist() == [0, 1] and right.values.tolist() == [1, 0.2, 0.2]
    assert wrong.order.tolist() == [1, 0] and wrong.values.tolist() == [1, 1, 0.2]
    assert tied.order.tolist() == [0, 1], "equal ones go in the order of the columns"
    assert right.area == pytest.approx(1.4 / 3)
    assert {tuple(row) for row in found.random.tolist()} == {(1, 0.2, 0.2), (1, 1, 0.2)}


def test_permuted_features_keep_their_values_and_the_seed_decides() -> None:
    truth = Truth("label", "accuracy", ("no", "yes"), codes=np.array([0, 0, 0, 0, 1]))
    subject, importance = subject_of(SIGN, X), {"nif": np.array([2.0, 1.0])}
    found = {
        deletion(subject, truth, importance, ComparisonOptions(replace="permute", seed=seed, random_orders=0))
        .curves[0].values[1] for seed in range(2)
    }  # fmt: skip
    # One row of five holds the one positive value: either where it was, or in one of the others.
    assert found == {1.0, 0.6}


@pytest.fixture(scope="module")
def network() -> FlowNetwork:
    model, table = example("iris")
    return analyze(model, table, Options(target="species", permutations=99))


def compared(network: FlowNetwork, **options: object) -> Comparison:
    model, table = example("iris")
    chosen = ComparisonOptions(**{"methods": QUICK, **options})  # type: ignore[arg-type]
    return compare(model, table, network, Options(target="species", permutations=99), chosen)


def test_what_is_compared_is_the_networks_attribution_and_the_plain_mi(network) -> None:
    found = compared(network, random_orders=3)
    nif, mi = found.methods
    assert np.array_equal(nif.values, attributions(network).values)
    assert nif.importance.sum() == pytest.approx(1) and found.target == "species"
    assert [r.method for r in found.references] == ["classes", "outputs"]
    assert np.array_equal(found.references[1].values, mi.values)
    assert found.features[int(mi.importance.argmax())].startswith("petal")
    document = found.document()
    assert document["deletion"]["curves"][0]["values"][0] == pytest.approx(0.987, abs=1e-3)
    assert [row["reference"] for row in document["ks"]] == ["classes", "classes", "outputs"]
    assert ComparisonOptions.from_dict(document["options"]) == found.options


def test_without_the_curve_no_labels_are_needed(network) -> None:
    model, table = example("iris")
    options = ComparisonOptions(methods=QUICK, deletion=False)
    found = compare(model, table, network, Options(probes=("species",), permutations=99), options)
    assert found.target is None and found.deletion is None
    assert [r.method for r in found.references] == ["outputs"]


def test_what_cannot_be_compared_is_refused_before_anything_is_explained(network, tmp_path) -> None:
    model, table = example("iris")
    with pytest.raises(InvalidParameter, match="no labels for the deletion curve") as refused:
        compare(model, table, network, Options(probes=("species",)), ComparisonOptions())
    assert refused.value.errors[0].field == "target"
    other, rows = example("banknote")
    with pytest.raises(InvalidParameter, match="made of another model"):
        compare(other, rows, network, Options(target="label"), ComparisonOptions())
    with pytest.raises(InvalidParameter, match=r"rmse is of numbers.*holds text"):
        compared(network, metric="rmse", methods=("nif", "shap"))
    with pytest.raises(InvalidParameter, match="methods"):
        ComparisonOptions(methods=("nif", "nif"))


def test_a_target_of_numbers_has_no_accuracy(tmp_path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 2))
    lines = ["x0,x1,size", *(f"{a:.6f},{b:.6f},{a + 0.1 * b:.6f}" for a, b in rows)]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    table = read_table(tmp_path / "rows.csv")
    nodes = [helper.make_node("Gemm", ["x", "W"], ["z"]), helper.make_node("Tanh", ["z"], ["y"])]
    model = graph(nodes, {"W": [[1.0], [0.1]]}, 2, ["size"])
    options = Options(target="size", permutations=20, columns_by="position")
    found = analyze(model, table, options)
    with pytest.raises(InvalidParameter, match="accuracy is of classes, and the target column 'size' holds"):
        compare(model, table, found, options, ComparisonOptions(methods=QUICK, metric="accuracy"))
    result = compare(model, table, found, options, ComparisonOptions(methods=QUICK, random_orders=0))
    assert result.deletion is not None and result.deletion.metric == "rmse"
    curve = result.deletion.curves[0].values
    assert curve[-1] > curve[0], "without the features the error grows"
    assert result.document()["deletion"]["better"] == "higher"
