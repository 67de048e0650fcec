"""SHAP values are the library's own, of the model itself, and what cannot be had is refused."""

import numpy as np
import pytest
from onnx import helper

from estimator.comparison import libraries
from estimator.comparison.options import ComparisonOptions
from estimator.comparison.shapley import shap_values
from estimator.comparison.subject import Subject
from estimator.errors import LimitExceeded, MissingExtra
from tests.estimator.explained import example_subject, graph, in_torch, subject_of


def test_they_are_those_of_the_library_on_the_same_model_in_torch() -> None:
    import shap
    import torch

    subject = example_subject("iris")
    found = shap_values(subject, ComparisonOptions(rows=12, background=30, seed=3))
    network = in_torch(subject.model)

    def predict(x):
        with torch.no_grad():
            return network(torch.from_numpy(x)).numpy()

    explainer = shap.KernelExplainer(predict, subject.inputs[found.background])
    direct = explainer.shap_values(subject.inputs[found.rows], l1_reg=False, silent=True)
    assert found.values.shape == (12, 4, 3) and len(found.background) == 30
    # float32 in the model, float64 in torch: 2^-24 of an output of at most 1, through a solve of 4 features.
    np.testing.assert_allclose(found.values, direct, atol=1e-5)
    np.testing.assert_allclose(found.base, explainer.expected_value, atol=1e-6)
    assert found.additivity < 1e-9


def a_sum(rows: int) -> tuple[Subject, np.ndarray]:
    """f = w.x of 13 features."""
    w = np.arange(1, 14, dtype=float)
    model = graph([helper.make_node("Gemm", ["x", "W"], ["y"])], {"W": w[:, None]}, 13, ["sum"])
    inputs = np.random.default_rng(0).normal(size=(rows, 13)).astype(np.float32).astype(float)
    return subject_of(model, inputs), w


def test_of_many_features_they_are_sampled_and_a_sum_has_them_in_closed_form() -> None:
    """The value of a feature is w_i (x_i - its mean over the background), however it is sampled."""
    subject, w = a_sum(40)
    found = shap_values(subject, ComparisonOptions(rows=3, background=20))
    assert found.explainer == "PermutationExplainer"
    truth = w * (subject.inputs[found.rows] - subject.inputs[found.background].mean(axis=0))
    np.testing.assert_allclose(found.values[:, :, 0], truth, atol=1e-4)  # sums of up to 100 in float32


def test_what_would_take_too_many_evaluations_is_refused_with_what_to_change() -> None:
    subject, _ = a_sum(2_000)
    with pytest.raises(LimitExceeded, match="explain fewer rows") as refused:
        shap_values(subject, ComparisonOptions(rows=2_000, background=2_000))
    assert "1,080,000,000 rows (2,000 rows explained, 2,000 of background" in refused.value.detail
    assert [place.field for place in refused.value.errors] == ["rows", "background"]


@pytest.mark.parametrize(
    ("method", "library"),
    [("shap", "shap"), ("integrated_gradients", "captum"), ("integrated_gradients", "onnx2pytorch")],
)
def test_without_the_library_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, method: str, library: str
) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda name: None if name == library else object())
    with pytest.raises(MissingExtra, match=rf"needs {library}.*neural-information-flow\[compare\]"):
        libraries.check_installed(["nif", method])
    libraries.check_installed(["nif", "mi"])
