"""The section of an ablation: what it says agrees with the numbers, whatever the names hold."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from service.report.studies.ablation import section
from service.report.studies.page import write_study
from service.report.studies.pruning import section as pruning_section
from tests.report.conftest import watch


def interval(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def point(k: int, after: float, low: float, high: float, mean: float) -> dict[str, Any]:
    """Before it was .9; low and high are of the difference."""
    control = {"sets": 20, "exhaustive": False, "mean": mean, "low": mean - 0.1, "high": mean + 0.1,
               "p_value": 1 / 21, "scores": [mean] * 20}  # fmt: skip
    return {
        "k": k, "after": interval(after, after - 0.02, after + 0.02),
        "difference": interval(after - 0.9, low, high), "lost": 5, "gained": 2, "largest_change": 0.3,
        "control": control,
    }  # fmt: skip


def document(order: str = "least", name: str = "hidden.3") -> dict[str, Any]:
    points = [
        point(1, 0.9, -0.01, 0.01, 0.7),
        point(2, 0.89, -0.02, 0.01, 0.6),
        point(3, 0.6, -0.4, -0.2, 0.5),
    ]
    neurons = [
        {"id": f"1:{i}", "name": name if i == 3 else f"hidden.{i}", "layer": "hidden", "silent": None,
         "score": 0.1 * i}
        for i in (3, 0, 1)
    ]  # fmt: skip
    return {
        "options": {"choose": "least-outgoing-flow", "k": 3, "seed": 0},
        "model_sha256": "0" * 64, "data_sha256": "1" * 64, "rows": 150, "target": "species",
        "metric": "accuracy", "higher_is_better": True, "classes": ["a", "b"],
        "layers": [{"index": 1, "name": "hidden", "size": 5, "measured": 5}],
        "before": interval(0.9, 0.85, 0.95),
        "series": [{"order": order, "neurons": neurons, "kept": ["1:4"], "points": points}],
        "kind": "ablation", "of": [{"analysis_id": None, "model_sha256": "0" * 64, "data_sha256": "1" * 64}],
    }  # fmt: skip


def test_a_loss_is_called_one_and_what_is_within_the_interval_is_not() -> None:
    said = section(document()).sentences
    assert any(
        "a loss" in sentence and "Without the 3 neurons least by outgoing flow" in sentence
        for sentence in said
    )
    assert "Up to k = 2 of 3, the accuracy is not lost beyond its interval." in said
    assert any("20 random sets" in sentence for sentence in said)
    assert any("passed over as the last of a layer" in s and "1:4" in s for s in said)


def test_a_cut_that_changes_nothing_says_so() -> None:
    given = document("chosen")
    given["options"]["choose"] = "silent"
    same = point(2, 0.9, 0, 0, 0.5) | {"largest_change": 0.0, "difference": interval(0, 0, 0)}
    given["series"][0] |= {"points": [same], "kept": []}
    said = section(given)
    assert (
        "Without the 2 silent neurons: no output changes in any row; the accuracy stays 0.900."
        in said.sentences
    )
    assert not said.figures, "one point is no curve"


def test_a_lower_rmse_is_a_gain() -> None:
    given = document("most")
    given |= {"metric": "rmse", "higher_is_better": False}
    given["series"][0]["points"] = [point(1, 0.5, -0.5, -0.3, 0.7)]
    assert any("RMSE 0.500" in s and "a gain" in s for s in section(given).sentences)


def test_nothing_to_cut_is_said() -> None:
    given = document()
    given["options"]["choose"] = "silent"
    given["series"] = [{"order": "chosen", "neurons": [], "kept": [], "points": []}]
    found = section(given)
    assert "No hidden neuron is silent: there is nothing to cut." in found.sentences
    assert not found.tables and not found.figures


def test_rows_have_as_many_cells_as_headers_and_the_figure_has_every_point() -> None:
    given = document()
    given["series"].append(copy.deepcopy(given["series"][0]) | {"order": "most"})
    found = section(given)
    for table in found.tables:
        assert all(len(row) == len(table.header) for row in table.rows)
    (figure,) = found.figures
    random, least, most = figure.figure["data"]
    assert least["x"] == most["x"] == [0, 1, 2, 3] and least["y"] == [0.9, 0.9, 0.89, 0.6]
    assert random["x"] == [1, 2, 3]
    assert "least informative cut" in figure.alternative and "0.600" in figure.alternative


def pruned_document(*fates: tuple[str, str | None]) -> dict[str, Any]:
    """fates: of each neuron, and whether it is silent."""
    neurons = [
        {"id": f"1:{i}", "name": f"hidden.{i}", "layer": "hidden", "silent": silent, "fate": fate,
         "value": 0.5 if fate == "removed" else None, "reason": None if fate == "removed" else "of a sum"}
        for i, (fate, silent) in enumerate(fates)
    ]  # fmt: skip
    return {
        "neurons": neurons, "rows": 150, "checked": True, "metric": None,
        "not_measured": "no target is given",
        "to_original": {"largest": 0.25, "scaled": 0.25, "tolerance": 1e-5},
        "to_fixed": {"largest": 1e-7, "scaled": 1e-7, "tolerance": 1e-5},
        "bytes": {"before": 1000, "after": 500}, "parameters": {"before": 0, "after": 0},
        "nodes": {"before": 4, "after": 4},
        "layers": [{"index": 1, "name": "hidden", "before": 5, "after": 3}],
        "latency": {"rows": 150, "runs": 5, "seconds_before": 2e-5, "seconds_after": 1e-5, "ratio": 0.5},
    }  # fmt: skip


def test_a_pruned_model_is_told_by_what_became_of_each_neuron() -> None:
    found = pruning_section(pruned_document(("removed", None), ("held at 0", None), ("kept", "constant")))
    said = " ".join(found.sentences)
    assert (
        "1 neuron of 3 chosen removed" in said and "1 neuron held at 0" in said and "kept as they are" in said
    )
    assert "No metric was measured: no target is given." in found.sentences
    assert "differ by up to 0.250" in said
    side, layers, neurons = found.tables
    assert ("bytes", "1,000", "500", "50 %") in side.rows and layers.rows == (("hidden", "5", "3"),)
    assert [row[3] for row in neurons.rows] == ["held at 0", "kept", "removed"]
    for table in found.tables:
        assert all(len(row) == len(table.header) for row in table.rows)


def test_where_only_constant_neurons_go_the_outputs_are_said_to_be_the_same() -> None:
    said = pruning_section(pruned_document(("removed", "constant"))).sentences
    assert any(sentence.startswith("Only constant neurons were cut: on all 150 rows") for sentence in said)
    assert "No neuron was chosen" in pruning_section(pruned_document()).sentences[0]


@pytest.mark.parametrize("name", ["</script><img src=x onerror=alert(1)>", "\u202egnp.exe", "$\\alpha$<b>"])
def test_the_page_draws_the_curve_and_shows_names_as_text(
    chromium: Browser, tmp_path: Path, name: str
) -> None:
    assert shutil.which("chromium")
    given = document(name=name)
    given["target"] = name
    path = write_study(section(given), given, tmp_path, "a model")
    page = chromium.new_page()
    seen = watch(page)
    page.goto(path.as_uri())
    page.wait_for_selector(".study-figure .main-svg", timeout=30_000)
    assert page.locator(".study-figure .scatterlayer .trace").count() == 2
    assert page.locator("img").count() == 0
    assert not seen.complaints
    page.close()
