"""/v1/docs, /v1/openapi.json, /problems/{slug}: the API explained, with no outside resource."""

import json
from functools import cache
from typing import Any

from flask import Blueprint, Response, abort
from jinja2 import Environment, PackageLoader, StrictUndefined

from service.api.blueprint import produces
from service.api.errors import STATUS, every_type
from service.api.openapi import Api, document
from service.report.bundle import plotly_bundle

_PAGES = Environment(loader=PackageLoader("service.api"), autoescape=True, undefined=StrictUndefined)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def docs_blueprint(api: Api) -> Blueprint:
    """The pages of this API."""
    blp = Blueprint("docs", __name__)

    @cache
    def spec() -> dict[str, Any]:
        return document(api)

    @blp.get("/v1/openapi.json")
    def openapi() -> Response:
        return Response(json.dumps(spec()), mimetype="application/json")

    @blp.get("/v1/docs")
    @produces("text/html")
    def page() -> Response:
        return _page("docs.html", spec=spec(), problems=_problems())

    @blp.get("/problems/<slug>")
    @produces("text/html")
    def problem(slug: str) -> Response:
        found = [entry for entry in _problems() if entry["slug"] == slug]
        if not found:
            abort(404)
        return _page("problem.html", problem=found[0])

    @blp.get("/v1/docs/plotly.min.js")
    @produces("text/javascript")
    def script() -> Response:
        response = Response(plotly_bundle().read_bytes(), content_type="text/javascript; charset=utf-8")
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response

    return blp


def _problems() -> list[dict[str, Any]]:
    """Each type; status None: only a failed job carries it."""
    return [
        {"slug": slug, "title": kind.title, "status": STATUS.get(slug)}
        for slug, kind in sorted(every_type().items())
    ]


def _page(name: str, **values: Any) -> Response:
    response = Response(_PAGES.get_template(name).render(**values), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
