from typing import Any

import pytest
from flask.testing import FlaskClient

from estimator.comparison.options import ComparisonOptions
from tests.api.service_here import ServiceHere, assert_problem
from tests.api.study_contract import StudyContract


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
