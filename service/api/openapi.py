"""All routes, and the OpenAPI 3.1 document that is made from them."""

import re
from importlib.metadata import version
from typing import Any

import marshmallow as ma
from flask import Flask
from flask_smorest import Api as SmorestApi
from werkzeug.routing import BaseConverter

from service.api import (
    ablations,
    analyses,
    attributions,
    audits,
    communities,
    comparisons,
    datasets,
    diffs,
    edges,
    health,
    layers,
    limits,
    models,
    networks,
    neurons,
    paths,
    probes,
    reports,
)
from service.api.errors import MEDIA_TYPE, STATUS, every_type, from_framework
from service.api.fields import Integer

DISTRIBUTION = "neural-information-flow"
NOUNS = (
    models, layers, datasets, analyses, neurons, edges, communities, probes, paths, attributions, networks,
    reports, ablations, comparisons, diffs, audits, limits, health,
)  # fmt: skip
ABOUT = """Neural Information Flow: an ONNX model and a table in, a graph of information flow out, in nats.

Errors are `application/problem+json` (RFC 9457); `type` is `/problems/<slug>`, listed at /v1/docs. Unknown
and repeated parameters are refused. Listings come in pages: give `next` as `cursor` with the same query.
Where the service has API keys, send one as `Authorization: Bearer KEY`. What does not change has an ETag.
"""


class Sha256(BaseConverter):
    """64 digits 0-9 a-f; any other form of an id is a path that is not there."""

    regex = "[0-9a-f]{64}"


class AnalysisId(BaseConverter):
    """A UUID in lower case with hyphens."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class PlaceSchema(ma.Schema):
    """Where an error is; every member that is known is there."""

    detail = ma.fields.String(required=True)
    field = ma.fields.String(metadata={"description": "Path of the field or parameter"})
    file = ma.fields.String(metadata={"description": "Name of the file or of the part that is one"})
    row = Integer(metadata={"description": "Data row, from 1"})
    line = Integer(metadata={"description": "Line of the file, from 1"})
    column = ma.fields.String(metadata={"description": "Name of the column"})
    byte = Integer(metadata={"description": "From 0"})
    node = ma.fields.String()
    operator = ma.fields.String()
    tensor = ma.fields.String()


class ProblemSchema(ma.Schema):
    """An error (RFC 9457)."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = Integer(required=True)
    detail = ma.fields.String(required=True)
    errors = ma.fields.List(ma.fields.Nested(PlaceSchema))


class Api(SmorestApi):  # type: ignore[misc]
    """flask-smorest's Api with our errors."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: Any) -> Any:
        return from_framework(error)


def add_routes(app: Flask) -> Api:
    """Register every noun in the app and in its OpenAPI document."""
    app.config.update(
        API_TITLE="Neural Information Flow",
        API_VERSION=version(DISTRIBUTION),
        OPENAPI_VERSION="3.1.0",
    )
    app.url_map.merge_slashes = False  # no redirects: their target would be made of the client's Host
    app.url_map.converters |= {"sha256": Sha256, "analysis": AnalysisId}
    api = Api(
        app,
        spec_kwargs={
            "info": {"description": ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
        },
    )
    for converter in (Sha256, AnalysisId):
        pattern = f"^{converter.regex}$"
        api.register_converter(converter, lambda _, pattern=pattern: {"type": "string", "pattern": pattern})
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    api.spec.components.response("Problem", {"description": "A problem", "content": content})
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    for noun in NOUNS:
        api.register_blueprint(noun.blp)
    return api


def document(api: Api) -> dict[str, Any]:
    """The document as plain values: every operation has a problem as its answer to what went wrong."""
    spec: dict[str, Any] = api.spec.to_dict()
    for path in spec["paths"].values():
        for method, operation in path.items():
            if method == "parameters":
                continue
            operation["responses"] = {
                code: answer
                for code, answer in operation["responses"].items()
                if not (isinstance(answer, dict) and answer.get("$ref", "").endswith("/UNPROCESSABLE_ENTITY"))
            }
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
            operation["operationId"] = _operation_id(method, path, spec)
    spec["components"]["responses"] = {"Problem": spec["components"]["responses"]["Problem"]}
    spec["components"]["schemas"]["Problem"]["properties"]["type"]["enum"] = _types()
    spec["security"] = [{"key": []}, {}]
    return spec


def _types() -> list[str]:
    return sorted(f"/problems/{slug}" for slug in every_type() if slug in STATUS)


def _operation_id(method: str, item: dict[str, Any], spec: dict[str, Any]) -> str:
    path = next(path for path, value in spec["paths"].items() if value is item)
    words = [
        word for word in re.split(r"[^a-z]+", re.sub(r"\{.*?\}", "one", path.removeprefix("/v1"))) if word
    ]
    return "_".join([method, *words])
