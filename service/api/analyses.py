"""/v1/analyses and /v1/estimates."""

from typing import Any

import marshmallow as ma
from flask import Response, request
from flask.views import MethodView

from estimator.options import Options
from service import views
from service.analyses import cancel_analysis, delete_analysis
from service.api.analysis_schemas import (
    Analysis,
    AnalysisPage,
    AnalysisParts,
    AnalysisQuery,
    AnalysisRequest,
)
from service.api.blueprint import Blueprint
from service.api.bodies import json_body
from service.api.context import parts, tenant
from service.api.cursors import after_cursor, cursor_for
from service.api.documented import one_shot_body, problems
from service.api.exchange import check_if_match
from service.api.fields import Integer, Real
from service.api.schemas import load
from service.api.uploads import BESIDE, idempotency_key, receive_files
from service.intake import in_one_piece
from service.submissions import Request, estimate, submit_analysis, submit_files

blp = Blueprint("analyses", __name__, url_prefix="/v1", description="Analyses: jobs and their results")

RETRY_AFTER = "2"
_ACCEPTED = {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "integer"}}}


class Estimate(ma.Schema):
    """What an analysis will take on two cores, roughly; nothing was run."""

    pairs = Integer(required=True, metadata={"description": "Pairs of neurons, and of probes with neurons"})
    rows = Integer(required=True)
    neurons = Integer(required=True)
    seconds = Real()
    memory_bytes = Integer(required=True)


@blp.route("/analyses")
class Analyses(MethodView):
    @blp.arguments(AnalysisQuery, location="query")
    @blp.response(200, AnalysisPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Your analyses, the newest first."""
        query["after"] = after_cursor(query.pop("cursor"))
        listing = views.analyses(parts(), tenant(), **query)
        return {"items": listing.items, "next": cursor_for(listing.after)}

    @one_shot_body(AnalysisRequest, AnalysisParts, BESIDE)
    @problems(400, 409, 413, 415, 422, 429, 503, 507)
    @blp.response(202, Analysis, headers=_ACCEPTED)
    def post(self) -> tuple[Any, int, dict[str, str]]:
        """Ask for an analysis: ids and options as JSON, or model, data and options as one multipart body.

        With an `Idempotency-Key` header a repeated request makes one analysis. 202 is durable.
        """
        record = _submit()
        headers = {"Location": f"/v1/analyses/{record}", "Retry-After": RETRY_AFTER}
        return views.analysis(parts(), tenant(), record), 202, headers


@blp.route("/analyses/<analysis:analysis_id>")
class OneAnalysis(MethodView):
    @problems(404)
    @blp.response(200, Analysis)
    def get(self, analysis_id: str) -> Any:
        """The status of an analysis, and a summary of its network when it is done."""
        return views.analysis(parts(), tenant(), analysis_id)

    @problems(404, 412)
    @blp.response(204)
    def delete(self, analysis_id: str) -> Response:
        """Delete an analysis with its network; a running one is cancelled."""
        check_if_match(None)
        delete_analysis(parts(), tenant(), analysis_id)
        return Response(status=204)


@blp.route("/analyses/<analysis:analysis_id>/cancellation")
class Cancellation(MethodView):
    @problems(404, 409)
    @blp.response(202, Analysis)
    def post(self, analysis_id: str) -> Any:
        """Cancel an analysis; 409 when it is done or failed."""
        cancel_analysis(parts(), tenant(), analysis_id)
        return views.analysis(parts(), tenant(), analysis_id)


@blp.route("/estimates")
class Estimates(MethodView):
    @problems(400, 413, 415, 422)
    @blp.arguments(AnalysisRequest)
    @blp.response(200, Estimate)
    def post(self, body: dict[str, Any]) -> Any:
        """What an analysis would take; the same checks, and nothing is run."""
        return estimate(parts(), tenant(), body["model_id"], body["dataset_id"], _asked(body, None))


def _submit() -> str:
    key = idempotency_key()
    if not request.mimetype.startswith("multipart/"):
        body = load(AnalysisRequest(), json_body())
        ids = body["model_id"], body["dataset_id"]
        return submit_analysis(parts(), tenant(), *ids, _asked(body, key)).id
    limits = parts().limits
    sizes = {"model": limits.model.bytes, "data": limits.table.file_bytes}
    received = receive_files(sizes, ("options", "format"), beside=limits.model.bytes)
    try:
        asked = _asked(load(AnalysisParts(), received.documents), key)
        model = in_one_piece(parts(), received.files["model"], received.beside)
    except BaseException:
        received.discard()
        raise
    return submit_files(parts(), tenant(), model, received.files["data"], asked).id


def _asked(body: dict[str, Any], key: str | None) -> Request:
    return Request(body.get("options") or Options(), body.get("format"), key)
