"""openapi.yaml is what the code makes, is sound OpenAPI 3.1, and the service keeps to it under fuzzing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.api.errors import MEDIA_TYPE
from service.api.openapi_file import text
from tests.api.service_here import ServiceHere

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
COMMITTED = Path(__file__).parents[1] / "openapi.yaml"


def test_the_committed_document_equals_the_code() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == text(), "run: python -m service.api.openapi_file"


def test_the_document_is_openapi_3_1() -> None:
    document = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_says_what_a_problem_looks_like() -> None:
    document = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    assert list(document["components"]["responses"]["Problem"]["content"]) == [MEDIA_TYPE]
    names = set()
    for path in document["paths"].values():
        for method, operation in path.items():
            if method != "parameters":
                assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
                assert operation["summary"] and operation["operationId"] not in names
                names.add(operation["operationId"])


def test_every_route_is_documented(tmp_path: Path) -> None:
    service = ServiceHere(tmp_path)
    service.close()
    documented = set(yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))["paths"])
    undocumented = {"/healthz", "/readyz", "/metrics", "/v1/docs", "/v1/openapi.json", "/problems/<slug>"}
    for rule in service.app.url_map.iter_rules():
        path = rule.rule.replace("<sha256:", "<").replace("<analysis:", "<")
        path = path.replace("<", "{").replace(">", "}")
        assert path in documented or rule.rule in undocumented | {"/v1/docs/plotly.min.js"}, rule.rule


def _operations() -> list[str]:
    document = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    return [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    ]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, str]]]:
    """The API's schema, and the ids of an analysis that is done."""
    here = ServiceHere(tmp_path_factory.mktemp("fuzzed"))
    analysis = here.done()
    found = here.client.get(f"/v1/analyses/{analysis}").json
    ids = {"analysis_id": analysis, "model_id": found["model_id"], "dataset_id": found["dataset_id"]}
    policy = {"version": 1, "rules": [{"rule": "minimum-rows", "min": 1}]}
    for kind, path, body in (
        ("ablation", f"/v1/analyses/{analysis}/ablations", {}),
        ("comparison", f"/v1/analyses/{analysis}/comparisons", {}),
        ("diff", "/v1/diffs", {"base": analysis, "head": analysis}),
        ("audit", "/v1/audits", {"analysis": analysis, "policy": policy}),
    ):
        ids[f"{kind}_id"] = here.client.post(path, json=body).json["id"]
    yield schemathesis.openapi.from_wsgi("/v1/openapi.json", here.app), ids
    here.close()


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("name", _operations())
def test_the_service_keeps_to_the_document(
    fuzzed: tuple[Any, dict[str, str]], name: str, mode: GenerationMode
) -> None:
    schema, ids = fuzzed
    method, _, path = name.partition(" ")
    operation = schema[path][method]

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        if mode is GenerationMode.POSITIVE and method == "GET":
            # An id that is there, or nothing but 404 would be seen.
            case.path_parameters = {k: ids[k] for k in case.path_parameters or {}}
        case.validate_response(case.call(), checks=CHECKS)

    try:
        run()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # an operation without parameters has nothing to get wrong
