"""/v1/analyses/{id}/paths"""

from typing import Any

import marshmallow as ma
from flask.views import MethodView
from marshmallow.validate import Range

from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import QueryInteger, Real
from service.api.network_queries import BetaQuery, OneEnd
from service.limits import Limits

blp = Blueprint("paths", __name__, url_prefix="/v1", description="Decision paths of a network")


class PathQuery(BetaQuery):
    """source: a neuron of the input layer; target: a deeper one; k: how many paths."""

    source = OneEnd(required=True)
    target = OneEnd(required=True)
    k = QueryInteger(load_default=5, validate=Range(1, Limits.paths))


class PathSchema(ma.Schema):
    """The neurons from source to target, nif of each hop, and the product of the hops."""

    neurons = ma.fields.List(ma.fields.String(), required=True)
    names = ma.fields.List(ma.fields.String(), required=True)
    nif = ma.fields.List(Real(), required=True)
    product = Real(allow_none=True)


@blp.route("/analyses/<analysis:analysis_id>/paths")
class Paths(MethodView):
    @problems(404, 409, 422)
    @blp.arguments(PathQuery, location="query")
    @blp.response(200, PathSchema(many=True))
    def get(self, query: dict[str, Any], analysis_id: str) -> Any:
        """The k strongest paths between two neurons; an empty list if there is none."""
        return views.strongest_paths(parts(), tenant(), analysis_id, **query)
