"""/v1/analyses/{id}/edges"""

from typing import Any

import marshmallow as ma
from flask.views import MethodView
from marshmallow.validate import OneOf, Range

from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import Boolean, QueryBoolean, QueryInteger, QueryNumber, Real
from service.api.network_queries import ListQuery, OneEnd, page_of, slice_of, sort_field
from service.api.schemas import page_schema
from service.stores.protocol import EDGE_SORTS, EdgeFilter

blp = Blueprint("edges", __name__, url_prefix="/v1", description="Edges of a network")

_FLOW = {"true": True, "false": False, "all": None}


class EdgeQuery(ListQuery):
    """Filters, sort and page of edges. layer: of the source. flow: flow edges, only the others, or all."""

    layer = QueryInteger(validate=Range(0, 2**31 - 1))
    source = OneEnd()
    consumer = OneEnd()
    min_nif = QueryNumber(validate=Range(0))
    min_mi = QueryNumber(validate=Range(0))
    max_q = QueryNumber(validate=Range(0, 1))
    saturated = QueryBoolean()
    flow = ma.fields.String(load_default="true", validate=OneOf(list(_FLOW)))
    sort = sort_field(EDGE_SORTS)


class Edge(ma.Schema):
    """A measured pair; mi, nif and their errors in nats. nif is 0 where it is no flow edge."""

    source = ma.fields.String(required=True)
    source_name = ma.fields.String(required=True)
    consumer = ma.fields.String(required=True)
    consumer_name = ma.fields.String(required=True)
    mi = Real(allow_none=True)
    nif = Real(allow_none=True)
    se = Real(allow_none=True)
    ci_low = Real(allow_none=True)
    ci_high = Real(allow_none=True)
    p_value = Real(allow_none=True)
    q_value = Real(allow_none=True)
    saturated = Boolean(required=True)
    lower_bound = Boolean(required=True)
    method = ma.fields.String(required=True)


@blp.route("/analyses/<analysis:analysis_id>/edges")
class Edges(MethodView):
    @problems(400, 404, 409, 422)
    @blp.arguments(EdgeQuery, location="query")
    @blp.response(200, page_schema(Edge, "EdgePage"))
    def get(self, query: dict[str, Any], analysis_id: str) -> dict[str, Any]:
        """Flow edges, or on request all measured pairs, each with its error bar and its significance."""
        beta, page = query.pop("beta"), slice_of(query)
        where = EdgeFilter(**(query | {"flow": _FLOW[query["flow"]]}))
        return page_of(views.edges(parts(), tenant(), analysis_id, where, page, beta))
