"""`nif compare` as a process of its own."""

import json
from pathlib import Path

import pytest

from estimator.comparison import libraries
from service.cli.exits import REFUSED, run
from tests.cli.nif import IRIS, nif, refusal

QUICK = ("--method", "nif", "--method", "mi")


def test_four_methods_stand_side_by_side_and_the_folder_has_the_page(analysed: Path, tmp_path: Path) -> None:
    ran = nif(analysed, "compare", *IRIS, "--network", "nif-iris", "--rows", "40", "--background", "30",
              "--output", tmp_path / "beside")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "4 features and 3 outputs on 150 rows" in ran.stdout
    document = json.loads((tmp_path / "beside/comparison.json").read_text())
    assert [m["method"] for m in document["methods"]] == ["nif", "shap", "integrated_gradients", "mi"]
    for method in document["methods"]:
        assert all(abs(sum(output) - 1) < 1e-9 for output in zip(*method["shares"], strict=True))
    assert {len(curve["order"]) for curve in document["deletion"]["curves"]} == {4}
    assert (tmp_path / "beside/comparison.html").stat().st_size > 5000


def test_chosen_methods_without_labels_need_no_deletion_curve(analysed: Path) -> None:
    ran = nif(analysed, "compare", *IRIS, "--network", "nif-iris", *QUICK, "--no-deletion", "--json")
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert [m["method"] for m in document["methods"]] == ["nif", "mi"] and document["deletion"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "none"], "--rows is 'none'; it must be a whole number"),
        (["--rows", "0"], "rows is 0; it must be between"),
        (["--metric", "rmse"], "holds text"),
        (["--class", "a", "--class", "a"], "without repetitions"),
        (["--estimator", "ksg"], "--estimator and --network"),
    ],
)
def test_what_cannot_be_done_is_refused(analysed: Path, arguments: list[str], words: str) -> None:
    assert words in refusal(nif(analysed, "compare", *IRIS, "--network", "nif-iris", *QUICK, *arguments))


def test_a_network_of_another_model_is_refused(analysed: Path) -> None:
    banknote = [path.parents[1] / "banknote" / path.name.replace("iris", "banknote") for path in IRIS]
    ran = nif(analysed, "compare", *banknote, "--target", "label", "--network", "nif-iris", *QUICK)
    assert "of another model" in refusal(ran)


def test_a_curve_without_labels_is_refused(tmp_path: Path) -> None:
    said = refusal(nif(tmp_path, "compare", *IRIS, "--probe", "species", *QUICK))
    assert "no labels" in said and "--no-deletion" in said


@pytest.mark.parametrize("library", ["shap", "captum", "onnx2pytorch"])
def test_without_the_extra_it_is_named_before_anything_is_analysed(
    library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda name: None if name == library else object())
    arguments = ["compare", str(IRIS[0]), str(IRIS[1]), "--target", "species"]
    assert run(arguments) == REFUSED
    heard = capsys.readouterr()
    assert heard.out == "" and f"needs {library}, which is not installed" in heard.err
    assert "pip install 'neural-information-flow[compare]'" in heard.err
