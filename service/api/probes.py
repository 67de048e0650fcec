"""/v1/analyses/{id}/probes"""

from typing import Any

import marshmallow as ma
from flask.views import MethodView
from marshmallow.validate import Length

from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import Boolean, Integer, Real
from service.api.network_queries import LONGEST_NAME
from service.api.schemas import Query

blp = Blueprint("probes", __name__, url_prefix="/v1", description="Probes of a network")


class ProbeQuery(Query):
    """One probe, or all."""

    probe = ma.fields.String(validate=Length(1, LONGEST_NAME))


class ProbeRowSchema(ma.Schema):
    """A probe's information about one neuron, in nats."""

    probe = ma.fields.String(required=True)
    neuron = ma.fields.String(required=True)
    neuron_name = ma.fields.String(required=True)
    layer = Integer(required=True)
    mi = Real(allow_none=True)
    se = Real(allow_none=True)
    ci_low = Real(allow_none=True)
    ci_high = Real(allow_none=True)
    p_value = Real(allow_none=True)
    q_value = Real(allow_none=True)
    saturated = Boolean(required=True)
    lower_bound = Boolean(required=True)


@blp.route("/analyses/<analysis:analysis_id>/probes")
class Probes(MethodView):
    @problems(404, 409, 422)
    @blp.arguments(ProbeQuery, location="query")
    @blp.response(200, ProbeRowSchema(many=True))
    def get(self, query: dict[str, Any], analysis_id: str) -> Any:
        """What the columns that are no inputs (the target, a protected attribute) tell about each neuron."""
        return views.probes(parts(), tenant(), analysis_id, **query)
