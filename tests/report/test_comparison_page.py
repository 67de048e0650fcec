"""The section of a comparison: what it says agrees with the numbers, whatever the names hold."""

import copy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from service.report.studies.comparison import section
from service.report.studies.page import write_study
from tests.report.conftest import watch

HOSTILE = "</script><img src=x onerror=alert(1)>"


def attribution(method: str, shares: list[float], unit: str = "nats") -> dict[str, Any]:
    """Of two outputs, with the same shares for both."""
    return {"method": method, "unit": unit, "values": [[s, s] for s in shares],
            "shares": [[s, s] for s in shares], "importance": shares, "facts": {},
            "ranks": [1 + sorted(shares, reverse=True).index(s) for s in shares]}  # fmt: skip


def document(first: str = "age") -> dict[str, Any]:
    features = [first, "income", "zip"]
    curves = [
        {"method": "nif", "order": features, "values": [0.9, 0.5, 0.5, 0.5], "area": 0.6},
        {"method": "shap", "order": features[::-1], "values": [0.9, 0.9, 0.8, 0.5], "area": 0.775},
    ]
    return {
        "kind": "comparison",
        "of": [{"analysis_id": None, "model_sha256": "0" * 64, "data_sha256": "1" * 64}],
        "options": {"methods": ["nif", "shap"], "replace": "mean", "seed": 0}, "beta": 0.5, "rows": 200,
        "features": features, "outputs": ["no", "yes"], "target": "label",
        "methods": [attribution("nif", [0.7, 0.2, 0.1]), attribution("shap", [0.1, 0.3, 0.6])],
        "references": [attribution("classes", [0.6, 0.3, 0.1])],
        "correlations": [{"a": "nif", "b": "shap", "spearman": -1.0, "p_value": 0.1667, "n": 6}],
        "ks": [
            {"method": "nif", "reference": "classes", "statistic": 0.25, "p_value": 0.9, "distance": 0.1,
             "by_output": []},
            {"method": "shap", "reference": "classes", "statistic": 0.5, "p_value": 0.3, "distance": 0.5,
             "by_output": []},
        ],
        "deletion": {
            "metric": "accuracy", "better": "lower", "replace": "mean", "removed": [0, 1, 2, 3],
            "curves": curves,
            "random": {"orders": 20, "mean": [0.9, 0.7, 0.6, 0.5], "low": [0.9, 0.5, 0.5, 0.5],
                       "high": [0.9, 0.9, 0.8, 0.5], "area": 0.675},
        },
        "warnings": [],
    }  # fmt: skip


def test_the_methods_that_disagree_and_the_nearest_are_named() -> None:
    said = " ".join(section(document()).sentences)
    assert "3 features and 2 outputs on 200 rows" in said
    assert "First is age by NIF; zip by SHAP." in said
    assert "Least alike are NIF and SHAP: Spearman's correlation of their shares is -1" in said
    assert "Nearest to the MI with the classes by Kolmogorov-Smirnov: NIF (0.250" in said
    assert "0.600 by NIF; 0.775 by SHAP. Lower is a better order." in said


def test_without_labels_there_is_no_curve() -> None:
    given = document() | {"deletion": None, "target": None}
    found = section(given)
    assert len(found.figures) == 1 and "taken away" not in " ".join(found.sentences)


def test_rows_have_as_many_cells_as_headers_and_the_figures_every_value() -> None:
    found = section(copy.deepcopy(document()))
    for block in found.tables:
        assert all(len(row) == len(block.header) for row in block.rows)
    bars, curves = found.figures
    by_name = {trace["name"]: trace for trace in bars.figure["data"]}
    assert list(by_name["NIF"]["y"]) == [0.7, 0.2, 0.1]
    drawn = {trace["name"]: trace["y"] for trace in curves.figure["data"] if "name" in trace}
    assert drawn["NIF"] == [0.9, 0.5, 0.5, 0.5] and drawn["SHAP"] == [0.9, 0.9, 0.8, 0.5]


@pytest.mark.parametrize("name", [HOSTILE, "\u202egnp.exe", "$\\alpha$<b>"])
def test_the_page_draws_both_figures_and_shows_names_as_text(
    chromium: Browser, tmp_path: Path, name: str
) -> None:
    given = document(name)
    path = write_study(section(given), given, tmp_path, "a model")
    page = chromium.new_page()
    seen = watch(page)
    page.goto(path.as_uri())
    page.wait_for_selector(".study-figure .scatterlayer", timeout=30_000)
    assert page.locator(".study-figure .main-svg").count() >= 2
    assert page.locator("img").count() == 0
    assert not seen.complaints
    page.close()
