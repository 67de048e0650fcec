from typing import Any

import pytest
from flask.testing import FlaskClient

from estimator.comparison import libraries
from estimator.comparison.options import ComparisonOptions
from estimator.data.table import Table
from estimator.errors import MissingExtra
from estimator.options import Options
from estimator.progress import silent
from service.jobs.problems import problem_of
from service.studies.kinds import KINDS, Side
from tests.api.service_here import ServiceHere, assert_problem
from tests.api.study_contract import StudyContract
from tests.networks import random_network


class TestComparisons(StudyContract):
    kind = "comparison"

    def path(self, analysis: str) -> str:
        return f"/v1/analyses/{analysis}/comparisons"

    def body(self, analysis: str) -> dict[str, Any]:
        return {"options": {"methods": ["nif", "mi"], "deletion": False}}


def test_options_are_kept_as_they_are_meant(service: ServiceHere, client: FlaskClient) -> None:
    path = f"/v1/analyses/{service.done()}/comparisons"
    assert client.post(path, json={}).json["options"] == ComparisonOptions().as_dict()
    made = client.post(path, json={"options": {"methods": ["shap"], "rows": 5}}).json
    assert made["options"] == ComparisonOptions().as_dict() | {"methods": ["shap"], "rows": 5}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"methods": ["lime"]}, "options.methods.0"),
        ({"methods": []}, "options.methods"),
        ({"methods": ["nif", "nif"]}, "options.methods"),
        ({"rows": 0}, "options.rows"),
        ({"steps": "64"}, "options.steps"),
        ({"deletion": 1}, "options.deletion"),
    ],
)
def test_a_wrong_option_is_named_by_its_path(
    service: ServiceHere, client: FlaskClient, options: Any, field: str
) -> None:
    path = f"/v1/analyses/{service.done()}/comparisons"
    problem = assert_problem(client.post(path, json={"options": options}), 422, "invalid-parameter")
    assert problem["errors"][0]["field"] == field


def test_a_worker_without_the_extra_fails_the_job_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    side = Side(random_network(3), b"", Table((), 0, "0" * 64, 0), Options())
    with pytest.raises(MissingExtra) as refused:
        KINDS["comparison"].compute([side], ComparisonOptions().as_dict(), silent)
    problem = problem_of(refused.value)
    assert problem["slug"] == "missing-extra" and "neural-information-flow[compare]" in problem["detail"]
    assert problem["errors"][0]["field"] == "methods"
