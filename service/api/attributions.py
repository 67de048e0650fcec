"""/v1/analyses/{id}/attributions"""

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import Real
from service.api.network_queries import BetaQuery, OneEnd

blp = Blueprint("attributions", __name__, url_prefix="/v1", description="Attributions of a network")


class AttributionQuery(BetaQuery):
    """source: one input; target: one output; without them all."""

    source = OneEnd()
    target = OneEnd()


class AttributionSchema(ma.Schema):
    """The sum over all paths from the input to the output of the product of nif along the path."""

    input = ma.fields.String(required=True)
    input_name = ma.fields.String(required=True)
    output = ma.fields.String(required=True)
    output_name = ma.fields.String(required=True)
    attribution = Real(allow_none=True)


@blp.route("/analyses/<analysis:analysis_id>/attributions")
class Attributions(MethodView):
    @problems(404, 409, 422)
    @blp.arguments(AttributionQuery, location="query")
    @blp.response(200, AttributionSchema(many=True))
    def get(self, query: dict[str, Any], analysis_id: str) -> Any:
        """Attribution of every input to every output, or of one."""
        return views.attributions(parts(), tenant(), analysis_id, **query)
