from typing import Any

import pytest
from flask.testing import FlaskClient

from estimator.ablation.options import AblationOptions
from tests.api.service_here import ServiceHere, assert_problem
from tests.api.study_contract import StudyContract


class TestAblations(StudyContract):
    kind = "ablation"

    def path(self, analysis: str) -> str:
        return f"/v1/analyses/{analysis}/ablations"

    def body(self, analysis: str) -> dict[str, Any]:
        return {"options": {"choose": "least-betweenness", "k": 2, "layers": ["Relu"]}}


def test_options_are_kept_as_they_are_meant(service: ServiceHere, client: FlaskClient) -> None:
    analysis = service.done()
    path = f"/v1/analyses/{analysis}/ablations"
    assert client.post(path, json={}).json["options"] == AblationOptions().as_dict()
    given = {"choose": "list", "neurons": ["1:0", "1:2"], "replace": "mean", "seed": 3}
    made = client.post(path, json={"options": given}).json
    assert made["options"] == AblationOptions().as_dict() | given
    assert AblationOptions.from_dict(service.parts.catalog.study(made["id"]).options).neurons == (
        "1:0",
        "1:2",
    )


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"choose": "loudest"}, "options.choose"),
        ({"choose": "list"}, "options.neurons"),
        ({"k": 0, "choose": "least-attribution"}, "options.k"),
        ({"k": 1.0, "choose": "least-attribution"}, "options.k"),
        ({"k": True, "choose": "least-attribution"}, "options.k"),
        ({"inverse": "on"}, "options.inverse"),
        ({"draws": 3}, "options.draws"),
        ({"neurons": "1:0"}, "options.neurons"),
        ({"neurons": [1]}, "options.neurons.0"),
        ({"bootstrap": 10**9}, "options.bootstrap"),
        ({"metric": None}, "options.metric"),
        ([], "options"),
    ],
)
def test_a_wrong_option_is_named_by_its_path(
    service: ServiceHere, client: FlaskClient, options: Any, field: str
) -> None:
    path = f"/v1/analyses/{service.done()}/ablations"
    problem = assert_problem(client.post(path, json={"options": options}), 422, "invalid-parameter")
    assert problem["errors"][0]["field"] == field
    assert service.parts.catalog.sizes()["studies"] == 0


def test_an_ablation_is_found_under_its_own_analysis_only(service: ServiceHere, client: FlaskClient) -> None:
    mine, other = service.done(), service.done()
    study = client.post(f"/v1/analyses/{mine}/ablations", json={}).json["id"]
    path = f"/v1/analyses/{other}/ablations/{study}"
    for answer in (client.get(path), client.delete(path), client.post(f"{path}/cancellation")):
        assert_problem(answer, 404, "not-found")
    assert client.get(f"/v1/analyses/{other}/ablations").json["items"] == []
    assert client.get(f"/v1/analyses/{mine}/comparisons/{study}").status_code == 404
