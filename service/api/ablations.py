"""/v1/analyses/{id}/ablations: neurons cut out of the model, and what that costs."""

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from estimator.ablation.options import AblationOptions
from service.api import studies
from service.api.blueprint import Blueprint
from service.api.documented import idempotent, problems
from service.api.option_schemas import options_schema
from service.api.schemas import Input
from service.api.study_schemas import Study, StudyQuery, study_page
from service.studies.submissions import Named

blp = Blueprint(
    "ablations", __name__, url_prefix="/v1", description="Neurons cut out of the model, and what that costs"
)

OptionsObject = options_schema(AblationOptions, "AblationOptions")


class AblationRequest(Input):
    """Which neurons are cut, and what is measured."""

    options = ma.fields.Nested(OptionsObject)


class Ablation(Study):
    """An ablation; see Study."""

    analysis = ma.fields.String(required=True)
    options = ma.fields.Nested(OptionsObject, required=True)


@blp.route("/analyses/<analysis:analysis_id>/ablations")
class Ablations(MethodView):
    @problems(404)
    @blp.arguments(StudyQuery, location="query")
    @blp.response(200, study_page(Ablation, "AblationPage"))
    def get(self, query: dict[str, Any], analysis_id: str) -> dict[str, Any]:
        """The ablations of an analysis, the newest first, without their documents."""
        return studies.listed("ablation", query, analysis_id)

    @idempotent
    @problems(400, 404, 409, 413, 415, 422, 429, 503)
    @blp.arguments(AblationRequest)
    @blp.response(202, Ablation, headers=studies.ACCEPTED)
    def post(self, body: dict[str, Any], analysis_id: str) -> tuple[Any, int, dict[str, str]]:
        """Cut neurons out of the model and measure its outputs against the labels, before and after.

        The analysis must be done, else 409. With an `Idempotency-Key` a repeated request makes
        one ablation.
        """
        options = body.get("options") or AblationOptions().as_dict()
        path = f"/v1/analyses/{analysis_id}/ablations"
        return studies.asked("ablation", [Named(analysis_id)], options, path)


@blp.route("/analyses/<analysis:analysis_id>/ablations/<analysis:ablation_id>")
class OneAblation(MethodView):
    @problems(404)
    @blp.response(200, Ablation)
    def get(self, analysis_id: str, ablation_id: str) -> Any:
        """The status of an ablation, and what it found when it is done."""
        return studies.told("ablation", ablation_id, analysis_id)

    @problems(404, 412)
    @blp.response(204)
    def delete(self, analysis_id: str, ablation_id: str) -> Response:
        """Delete an ablation; a running one is cancelled."""
        return studies.removed("ablation", ablation_id, analysis_id)


@blp.route("/analyses/<analysis:analysis_id>/ablations/<analysis:ablation_id>/cancellation")
class AblationCancellation(MethodView):
    @problems(404, 409)
    @blp.response(202, Ablation)
    def post(self, analysis_id: str, ablation_id: str) -> Any:
        """Cancel an ablation; 409 when it is done or failed."""
        return studies.cancelled("ablation", ablation_id, analysis_id)
