"""/v1/analyses/{id}/comparisons: NIF, SHAP, Integrated Gradients and MI side by side."""

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from estimator.comparison.options import ComparisonOptions
from service.api import studies
from service.api.blueprint import Blueprint
from service.api.documented import idempotent, problems
from service.api.option_schemas import options_schema
from service.api.schemas import Input
from service.api.study_schemas import Study, StudyQuery, study_page
from service.studies.submissions import Named

blp = Blueprint(
    "comparisons", __name__, url_prefix="/v1", description="NIF beside SHAP, Integrated Gradients and MI"
)

OptionsObject = options_schema(ComparisonOptions, "ComparisonOptions")


class ComparisonRequest(Input):
    """Which attributions stand side by side."""

    options = ma.fields.Nested(OptionsObject)


class Comparison(Study):
    """A comparison; see Study."""

    analysis = ma.fields.String(required=True)
    options = ma.fields.Nested(OptionsObject, required=True)


@blp.route("/analyses/<analysis:analysis_id>/comparisons")
class Comparisons(MethodView):
    @problems(404)
    @blp.arguments(StudyQuery, location="query")
    @blp.response(200, study_page(Comparison, "ComparisonPage"))
    def get(self, query: dict[str, Any], analysis_id: str) -> dict[str, Any]:
        """The comparisons of an analysis, the newest first, without their documents."""
        return studies.listed("comparison", query, analysis_id)

    @idempotent
    @problems(400, 404, 409, 413, 415, 422, 429, 503)
    @blp.arguments(ComparisonRequest)
    @blp.response(202, Comparison, headers=studies.ACCEPTED)
    def post(self, body: dict[str, Any], analysis_id: str) -> tuple[Any, int, dict[str, str]]:
        """Compare NIF's attribution of the inputs with SHAP, Integrated Gradients and plain MI.

        The analysis must be done, else 409. With an `Idempotency-Key` a repeated request makes
        one comparison.
        """
        options = body.get("options") or ComparisonOptions().as_dict()
        path = f"/v1/analyses/{analysis_id}/comparisons"
        return studies.asked("comparison", [Named(analysis_id)], options, path)


@blp.route("/analyses/<analysis:analysis_id>/comparisons/<analysis:comparison_id>")
class OneComparison(MethodView):
    @problems(404)
    @blp.response(200, Comparison)
    def get(self, analysis_id: str, comparison_id: str) -> Any:
        """The status of a comparison, and what it found when it is done."""
        return studies.told("comparison", comparison_id, analysis_id)

    @problems(404, 412)
    @blp.response(204)
    def delete(self, analysis_id: str, comparison_id: str) -> Response:
        """Delete a comparison; a running one is cancelled."""
        return studies.removed("comparison", comparison_id, analysis_id)


@blp.route("/analyses/<analysis:analysis_id>/comparisons/<analysis:comparison_id>/cancellation")
class ComparisonCancellation(MethodView):
    @problems(404, 409)
    @blp.response(202, Comparison)
    def post(self, analysis_id: str, comparison_id: str) -> Any:
        """Cancel a comparison; 409 when it is done or failed."""
        return studies.cancelled("comparison", comparison_id, analysis_id)
