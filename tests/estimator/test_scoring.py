"""Accuracy, AUC and RMSE of outputs against labels, against scikit-learn; which output is which class."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, roc_auc_score, root_mean_squared_error

from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat
from estimator.errors import InvalidParameter
from estimator.network import Layer
from estimator.scoring.bootstrap import bootstrap
from estimator.scoring.labels import truth_of
from estimator.scoring.metrics import MetricAsked
from estimator.scoring.truth import Truth

ROWS = 60
RNG = np.random.default_rng(0)
X = RNG.normal(size=ROWS)


def table(labels: list[str]) -> Table:
    lines = ["x,y", *(f"{x:.6f},{label}" for x, label in zip(X, labels, strict=True))]
    return read_table(("\n".join(lines) + "\n").encode(), TableFormat())


def output(*names: str, size: int | None = None, meaning: str | None = None) -> list[Layer]:
    neurons = names or tuple(f"output.{i}" for i in range(size or 1))
    return [Layer(0, "x", "input", 0, ("x",)), Layer(1, "output", "output", 1, neurons, meaning=meaning)]


def labels(levels: list[str], seed: int = 0) -> list[str]:
    codes = np.random.default_rng(seed).integers(len(levels), size=ROWS)
    codes[: len(levels)] = range(len(levels))
    return [levels[code] for code in codes]


def probabilities(k: int, seed: int = 1) -> NDArray[np.float64]:
    logits = np.random.default_rng(seed).normal(size=(ROWS, k))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def refusal(given: Table, layers: list[Layer], outputs: NDArray[np.float64], **asked: object) -> str:
    with pytest.raises(InvalidParameter) as caught:
        truth_of(given, str(asked.pop("target", "y")), layers, outputs, **asked)  # type: ignore[arg-type]
    assert caught.value.errors and caught.value.errors[0].field
    return caught.value.detail


def test_accuracy_is_scikit_learns_whatever_the_order_of_the_models_classes() -> None:
    said, p = labels(["cat", "dog", "eel"]), probabilities(3)
    truth = truth_of(table(said), "y", output("eel", "cat", "dog"), p)
    assert truth.metric == "accuracy" and truth.classes == ("eel", "cat", "dog")
    predicted = np.array(["eel", "cat", "dog"])[p.argmax(axis=1)]
    assert truth.score(p) == pytest.approx(accuracy_score(said, predicted), abs=1e-15)


@pytest.mark.parametrize("ties", [False, True])
def test_auc_is_scikit_learns(ties: bool) -> None:
    said, p = labels(["0", "1"]), probabilities(2)
    if ties:
        p = np.round(p, 1)
    truth = truth_of(table(said), "y", output(size=2), p, "auc")
    assert truth.score(p) == pytest.approx(roc_auc_score(np.array(said) == "1", p[:, 1] - p[:, 0]), abs=1e-12)


def test_one_sigmoid_output_predicts_class_1_above_one_half() -> None:
    said, p = labels(["0", "1"]), probabilities(2)[:, 1:]
    truth = truth_of(table(said), "y", output(size=1), p)
    assert truth.score(p) == accuracy_score(said, np.where(p[:, 0] > 0.5, "1", "0"))
    ranked = truth_of(table(said), "y", output(size=1), p, "auc")
    assert ranked.score(p) == pytest.approx(roc_auc_score(np.array(said) == "1", p[:, 0]), abs=1e-12)


def test_rmse_is_scikit_learns() -> None:
    y = 2 * X + RNG.normal(size=ROWS)
    given = table([f"{v:.4f}" for v in y])
    predicted = (2.1 * X)[:, None]
    truth = truth_of(given, "y", output(size=1), predicted)
    assert truth.metric == "rmse"
    want = root_mean_squared_error(np.round(y, 4), predicted[:, 0])
    assert truth.score(predicted) == pytest.approx(want, rel=1e-12)


def test_of_several_outputs_rmse_takes_that_of_the_targets_name() -> None:
    given = table([f"{v:.4f}" for v in X])
    predicted = np.column_stack([np.zeros(ROWS), X])
    assert truth_of(given, "y", output("other", "y"), predicted).score(predicted) < 1e-4
    said = refusal(given, output(size=2), predicted)
    assert "2 numbers a row" in said and "nif.outputs" in said


def test_whole_numbers_are_codes_or_levels_in_order_and_nothing_else() -> None:
    p = probabilities(3)
    for levels, codes in ((["1", "2", "3"], [0, 1, 2]), (["0", "2"], [0, 2]), (["-1", "7", "40"], [0, 1, 2])):
        said = labels(levels)
        want = accuracy_score([codes[levels.index(s)] for s in said], p.argmax(axis=1))
        assert truth_of(table(said), "y", output(size=3), p).score(p) == want
    assert "without names" in refusal(table(labels(["1", "2"])), output(size=3), p)
    assert "which output is which" in refusal(table(labels(["a", "b", "c"])), output(size=3), p)
    assert "tells 3 classes apart" in refusal(table(labels(["0", "1", "2", "3"])), output(size=3), p)


def test_classes_can_be_named_by_the_caller() -> None:
    said, p = labels(["no", "yes"]), probabilities(2)
    asked = truth_of(table(said), "y", output(size=2), p, classes=("yes", "no"))
    assert asked.score(p) == accuracy_score(said, np.array(["yes", "no"])[p.argmax(axis=1)])
    single = truth_of(table(said), "y", output(size=1), p[:, 1:], classes=("no", "yes"))
    assert single.score(p[:, 1:]) == accuracy_score(said, np.where(p[:, 1] > 0.5, "yes", "no"))
    assert "3 classes are named" in refusal(table(said), output(size=2), p, classes=("a", "b", "c"))


def test_a_single_output_named_for_a_class_is_its_probability() -> None:
    said, p = labels(["no", "yes"]), probabilities(2)[:, 1:]
    truth = truth_of(table(said), "y", output("yes"), p)
    assert truth.score(p) == accuracy_score(said, np.where(p[:, 0] > 0.5, "yes", "no"))


def test_numbers_are_the_same_class_however_they_are_spelt() -> None:
    said, p = labels(["0.0", "1.0"]), probabilities(2)
    truth = truth_of(table(said), "y", output("0", "1"), p)
    assert truth.score(p) == accuracy_score([int(float(s)) for s in said], p.argmax(axis=1))


@pytest.mark.parametrize(
    ("levels", "layers", "asked", "words"),
    [
        (["cat", "dog"], output("cat", "cow"), {}, "holds 'dog', which is no class of the model"),
        (["a", "b"], output("a", "b"), {"metric": "rmse"}, "holds text"),
        (["0", "1", "2"], output(size=3), {"metric": "auc"}, "auc is of two classes"),
        (["0", "1", "2"], output(size=1), {}, "say metric=rmse"),
        (["0", "1"], output(size=2, meaning="channel, mean over positions"), {}, "more than a number"),
        (["0", "1"], output(size=2), {"target": "z"}, "no such column"),
        (["0", "1"], output(size=2), {"metric": "f1"}, "it must be auto, accuracy, auc, rmse"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    levels: list[str], layers: list[Layer], asked: dict[str, object], words: str
) -> None:
    k = layers[1].size
    assert words in refusal(table(labels(levels)), layers, probabilities(max(2, k))[:, :k], **asked)


@pytest.mark.parametrize("metric", ["accuracy", "auc"])
def test_a_regression_target_has_no_accuracy(metric: MetricAsked) -> None:
    given = table([f"{v:.4f}" for v in X])
    assert "holds numbers" in refusal(given, output(size=1), X[:, None], metric=metric)


def test_data_without_labels_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="no labels"):
        truth_of(table(labels(["0", "1"])), None, output(size=2), probabilities(2))


def test_an_output_that_is_no_probability_has_no_threshold() -> None:
    logits = RNG.normal(size=(ROWS, 1))
    assert "no probability" in refusal(table(labels(["0", "1"])), output(size=1), logits)
    truth_of(table(labels(["0", "1"])), "y", output(size=1), logits, "auc")


def test_the_interval_of_an_accuracy_covers_it_as_often_as_it_says() -> None:
    """Of 300 samples of 200 rows with accuracy .8, the 95 % interval holds .8 in all but a few.

    The percentile bootstrap of a proportion at n = 200 covers 93 to 95 %; 300 draws of a coverage of .93
    give at least .88 with probability .999.
    """
    rng, held = np.random.default_rng(5), 0
    p = np.tile([[0.1, 0.9]], (200, 1))
    for sample in range(300):
        codes = (rng.random(200) < 0.8).astype(np.int64)
        truth = Truth("y", "accuracy", ("0", "1"), codes=codes)
        found = bootstrap(truth, [p], draws=200, seed=sample).values[0]
        held += found.low <= 0.8 <= found.high
    assert held / 300 >= 0.88


@pytest.mark.parametrize("metric", ["accuracy", "auc", "rmse"])
def test_differences_are_paired_and_exactly_0_for_equal_outputs(metric: str) -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(2, size=200)
    outputs = np.column_stack([1 - codes, codes]) + 0.8 * rng.normal(size=(200, 2))
    truth = (
        Truth("y", "rmse", values=codes.astype(float), output=1)
        if metric == "rmse"
        else Truth("y", metric, ("0", "1"), codes=codes)  # type: ignore[arg-type]
    )
    worse = outputs + 0.3 * rng.normal(size=(200, 2))
    found = bootstrap(truth, [outputs, outputs.copy(), worse], draws=400, seed=1)
    same = found.differences[1]
    assert (same.value, same.low, same.high) == (0, 0, 0)
    paired, alone = found.differences[2], found.values
    assert paired.high - paired.low < (alone[0].high - alone[0].low) + (alone[2].high - alone[2].low)
    assert found == bootstrap(truth, [outputs, outputs.copy(), worse], draws=400, seed=1)
    assert found.values[2].low <= truth.score(worse) <= found.values[2].high


def test_a_bootstrap_of_auc_is_that_of_the_rows_written_out() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(2, size=50)
    outputs = np.round(rng.normal(size=(50, 1)) + codes[:, None], 1)
    truth = Truth("y", "auc", ("0", "1"), codes=codes)
    found = bootstrap(truth, [outputs], draws=100, seed=7).values[0]
    again = np.random.default_rng(7)
    parts = [np.flatnonzero(codes == c) for c in (0, 1)]
    drawn = []
    for _ in range(100):
        rows = np.concatenate([part[again.integers(len(part), size=len(part))] for part in parts])
        drawn.append(roc_auc_score(codes[rows], outputs[rows, 0]))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=1e-12)
