"""/v1/diffs: two analyses compared, neuron by neuron and edge by edge."""

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from estimator.diff.options import DiffOptions
from service.api import studies
from service.api.blueprint import Blueprint
from service.api.documented import idempotent, problems
from service.api.option_schemas import options_schema
from service.api.schemas import Input
from service.api.study_schemas import Study, StudyQuery, analysis_field, model_field, study_page
from service.studies.submissions import Named

blp = Blueprint("diffs", __name__, url_prefix="/v1", description="Two analyses compared")

OptionsObject = options_schema(DiffOptions, "DiffOptions")


class DiffRequest(Input):
    """From the analysis `base` to the analysis `head`."""

    base = analysis_field(required=True)
    head = analysis_field(required=True)
    options = ma.fields.Nested(OptionsObject)


class DiffQuery(StudyQuery):
    """analysis, model: one of the two sides."""

    analysis = analysis_field(metadata={"description": "Those of which this is a side"})
    model = model_field()


class Diff(Study):
    """A diff; see Study."""

    base = ma.fields.String(required=True)
    head = ma.fields.String(required=True)
    options = ma.fields.Nested(OptionsObject, required=True)


@blp.route("/diffs")
class Diffs(MethodView):
    @problems(404)
    @blp.arguments(DiffQuery, location="query")
    @blp.response(200, study_page(Diff, "DiffPage"))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Your diffs, the newest first, without their documents."""
        return studies.listed("diff", query)

    @idempotent
    @problems(400, 404, 409, 413, 415, 422, 429, 503)
    @blp.arguments(DiffRequest)
    @blp.response(202, Diff, headers=studies.ACCEPTED)
    def post(self, body: dict[str, Any]) -> tuple[Any, int, dict[str, str]]:
        """Compare two analyses that are done: what appeared, vanished, grew or shrank.

        With an `Idempotency-Key` a repeated request makes one diff.
        """
        of = [Named(body["base"], "base"), Named(body["head"], "head")]
        return studies.asked("diff", of, body.get("options") or DiffOptions().as_dict(), "/v1/diffs")


@blp.route("/diffs/<analysis:diff_id>")
class OneDiff(MethodView):
    @problems(404)
    @blp.response(200, Diff)
    def get(self, diff_id: str) -> Any:
        """The status of a diff, and what changed when it is done."""
        return studies.told("diff", diff_id)

    @problems(404, 412)
    @blp.response(204)
    def delete(self, diff_id: str) -> Response:
        """Delete a diff; a running one is cancelled."""
        return studies.removed("diff", diff_id)


@blp.route("/diffs/<analysis:diff_id>/cancellation")
class DiffCancellation(MethodView):
    @problems(404, 409)
    @blp.response(202, Diff)
    def post(self, diff_id: str) -> Any:
        """Cancel a diff; 409 when it is done or failed."""
        return studies.cancelled("diff", diff_id)
