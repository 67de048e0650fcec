"""/v1/analyses/{id}/communities"""

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import Integer, Real
from service.api.network_queries import BetaQuery

blp = Blueprint("communities", __name__, url_prefix="/v1", description="Communities of a network")


class CommunitySchema(ma.Schema):
    """Neurons that are tied by flow; nif_within sums the flow between them, in nats."""

    id = Integer(required=True)
    neurons = ma.fields.List(ma.fields.String(), required=True)
    nif_within = Real(allow_none=True)


class CommunitiesSchema(ma.Schema):
    """modularity is null where there is no flow edge."""

    communities = ma.fields.List(ma.fields.Nested(CommunitySchema), required=True)
    modularity = Real(allow_none=True)


@blp.route("/analyses/<analysis:analysis_id>/communities")
class Communities(MethodView):
    @problems(404, 409, 422)
    @blp.arguments(BetaQuery, location="query")
    @blp.response(200, CommunitiesSchema)
    def get(self, query: dict[str, Any], analysis_id: str) -> Any:
        """Communities by Leiden on the graph weighted by nif, and their modularity."""
        return views.communities(parts(), tenant(), analysis_id, **query)
