"""/v1/models/{id}/layers, and the options that take a part of a model."""

import pytest
from flask.testing import FlaskClient

from tests.api.service_here import ServiceHere, assert_problem


def test_the_layers_of_a_model_are_shown_before_anything_is_computed(
    service: ServiceHere, client: FlaskClient
) -> None:
    shown = client.get(f"/v1/models/{service.model()}/layers").json
    hidden = shown["layers"][1]
    assert (hidden["name"], hidden["size"], hidden["operators"]) == ("hidden", 5, ["Gemm", "Relu"])
    assert (hidden["sources"], hidden["consumers"]) == ([0], [2])
    assert shown["layers"][2]["neurons"] == ["setosa", "versicolor", "virginica"]
    assert shown["links"][0] == {"source": 0, "consumer": 1, "pairs": 20}
    assert_problem(client.get(f"/v1/models/{'0' * 64}/layers"), 404, "not-found")


def test_an_estimate_of_a_part_is_of_that_part(service: ServiceHere, client: FlaskClient) -> None:
    ids = {"model_id": service.model(), "dataset_id": service.dataset()}
    whole = client.post("/v1/estimates", json=ids | {"options": {"target": "species"}})
    assert whole.status_code == 200, whole.json
    part = client.post("/v1/estimates", json=ids | {"options": {"target": "species", "sample_neurons": 2}})
    assert part.json["pairs"] < whole.json["pairs"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"sample_neurons": 1}, "sample_neurons"),
        ({"sample_neurons": 2.5}, "sample_neurons"),
        ({"layers": ["no such layer"]}, "layers"),
        ({"layers": ["hidden", "hidden"]}, "layers"),
    ],
)
def test_a_part_that_is_none_is_refused_at_once(
    service: ServiceHere, client: FlaskClient, options: dict[str, object], field: str
) -> None:
    ids = {"model_id": service.model(), "dataset_id": service.dataset()}
    body = ids | {"options": {"target": "species"} | options}
    for path in ("/v1/analyses", "/v1/estimates"):
        answer = client.post(path, json=body)
        assert_problem(answer, 422, "invalid-parameter")
        assert field in answer.text
