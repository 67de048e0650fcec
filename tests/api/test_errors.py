"""Every error of the framework and of ours is a problem, on every route and method."""

import json

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.exceptions import default_exceptions

from estimator.errors import NifError, Place
from service.api import errors
from service.api.errors import MEDIA_TYPE, STATUS, every_type
from tests.api.service_here import ServiceHere, assert_problem

ANALYSIS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def failing() -> Flask:
    app = Flask("failing")
    errors.register(app)
    app.add_url_rule("/abort/<int:code>", "abort", lambda code: abort(code))
    app.add_url_rule("/raise/<slug>", "raise", _raise)
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    return app


def _raise(slug: str) -> str:
    raise every_type()[slug].__new__(every_type()[slug])


@pytest.mark.parametrize("code", sorted(code for code in default_exceptions if code >= 400))
def test_every_http_error_is_a_problem(failing: Flask, code: int) -> None:
    answer = failing.test_client().get(f"/abort/{code}")
    assert answer.content_type == MEDIA_TYPE
    body = answer.json
    assert body["status"] == answer.status_code
    assert body["type"].removeprefix("/problems/") in every_type()
    assert answer.status_code == (STATUS[body["type"].removeprefix("/problems/")])


def test_every_error_of_ours_has_a_status_or_belongs_to_a_job() -> None:
    of_jobs = {"time-limit", "memory-limit", "storage-limit", "model-crashed"}
    missing = {slug for slug in every_type() if slug not in STATUS}
    assert missing <= of_jobs | {"error"}, missing


def test_an_unforeseen_error_tells_nothing(failing: Flask) -> None:
    body = assert_problem(failing.test_client().get("/crash"), 500, "internal-error")
    assert "ZeroDivision" not in json.dumps(body)


def test_a_long_error_is_cut_to_size() -> None:
    error = NifError("x" * 10_000, errors=[Place("y" * 10_000, row=n) for n in range(1000)])
    body = errors.problem_body(error)
    assert len(body["detail"]) == 500
    assert len(body["errors"]) == errors.PLACES
    assert all(len(place["detail"]) == 500 for place in body["errors"])


def test_every_route_refuses_the_methods_it_does_not_know(service: ServiceHere, client: FlaskClient) -> None:
    ids = {"analysis_id": ANALYSIS, "model_id": "0" * 64, "dataset_id": "0" * 64, "slug": "x"}
    ids |= {f"{kind}_id": ANALYSIS for kind in ("ablation", "comparison", "diff", "audit")}
    for rule in service.app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(
                path[path.rindex("<", 0, path.index(f"{name}>")) : path.index(f"{name}>")], "<"
            )
            path = path.replace(f"<{name}>", ids[name])
        for method in ("PUT", "PATCH", "TRACE", "DELETE", "POST", "BREW"):
            if method in (rule.methods or ()):
                continue
            answer = client.open(path, method=method)
            assert_problem(answer, 405, "method-not-allowed")
            assert set(answer.headers["Allow"].split(", ")) == set(rule.methods or ())
        answer = client.options(path)
        assert answer.status_code == 200 and "Allow" in answer.headers
        assert not [name for name in answer.headers if name[0].startswith("Access-Control")]


@pytest.mark.parametrize(
    "path",
    [
        "/", "/v2/models", "/v1//models", "/v1/models/", "/V1/models", "/v1/models/../limits",
        "/v1/%2e%2e/", "/v1/models/%00", "/problems/no-such", "/static/x", "/v1/analyses/%ff",
    ],
)  # fmt: skip
def test_a_path_that_is_not_there_is_404_without_a_redirect(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "*/*"})
    assert_problem(answer, 404, "not-found")
    assert "Location" not in answer.headers


def test_a_body_where_none_is_taken_is_refused(service: ServiceHere, client: FlaskClient) -> None:
    path = f"/v1/analyses/{service.submit()}/cancellation"
    assert_problem(client.post(path, json={"force": True}), 415, "unsupported-media-type")
    assert client.post(path).status_code == 202


def test_the_documents_are_pages_without_outside_resources(client: FlaskClient) -> None:
    docs = client.get("/v1/docs", headers={"Accept": "text/html"})
    assert docs.status_code == 200
    assert "default-src 'none'" in docs.headers["Content-Security-Policy"]
    assert "http://" not in docs.text and "src=" not in docs.text and "@import" not in docs.text
    for slug in every_type():
        if slug != "error":
            assert f"/problems/{slug}" in docs.text
            assert client.get(f"/problems/{slug}", headers={"Accept": "text/html"}).status_code == 200


def test_limits_are_published(service: ServiceHere, client: FlaskClient) -> None:
    published = client.get("/v1/limits").json
    assert published["service"]["page"] == service.parts.limits.page
    assert published["model"]["bytes"] == service.parts.limits.model.bytes
    assert published["table"]["minimum_rows"] == 30
    assert published["isolation"] in ("bubblewrap", "rlimits")


def test_metrics_carry_no_free_text(service: ServiceHere, client: FlaskClient) -> None:
    for n in range(50):
        client.get(f"/nowhere/{n}")
        client.get(f"/v1/analyses/00000000-0000-4000-8000-{n:012d}")
    client.open("/v1/models", method="BREW")
    text = client.get("/v1/metrics", headers={"Accept": "text/plain"}).text
    assert "nif_queue_depth 0" in text
    assert "nowhere" not in text and "00000000" not in text and "BREW" not in text
    assert len(text.splitlines()) < 40
