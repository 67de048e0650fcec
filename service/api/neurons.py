"""/v1/analyses/{id}/neurons"""

from typing import Any

import marshmallow as ma
from flask.views import MethodView
from marshmallow.validate import OneOf, Range

from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import Integer, QueryInteger, Real
from service.api.network_queries import ListQuery, page_of, slice_of, sort_field
from service.api.schemas import page_schema
from service.stores.protocol import NEURON_SORTS, NeuronFilter

blp = Blueprint("neurons", __name__, url_prefix="/v1", description="Neurons of a network")


class NeuronQuery(ListQuery):
    """Filters, sort and page of neurons."""

    layer = QueryInteger(validate=Range(0, 2**31 - 1))
    silent = ma.fields.String(validate=OneOf(["constant", "uninformative", "any", "none"]))
    community = QueryInteger(validate=Range(0, 2**31 - 1))
    sort = sort_field(NEURON_SORTS)


class Neuron(ma.Schema):
    """A neuron; flows and redundancy in nats."""

    id = ma.fields.String(required=True, metadata={"description": "layer:index"})
    layer = Integer(required=True)
    layer_name = ma.fields.String(required=True)
    index = Integer(required=True)
    name = ma.fields.String(required=True)
    mean = Real(allow_none=True)
    sd = Real(allow_none=True)
    zeros = Real(allow_none=True)
    redundancy = Real(allow_none=True)
    betweenness = Real(allow_none=True)
    betweenness_weighted = Real(allow_none=True)
    community = Integer(required=True, allow_none=True)
    silent = ma.fields.String(required=True, allow_none=True)
    out_flow = Real(allow_none=True)
    in_flow = Real(allow_none=True)


@blp.route("/analyses/<analysis:analysis_id>/neurons")
class Neurons(MethodView):
    @problems(400, 404, 409, 422)
    @blp.arguments(NeuronQuery, location="query")
    @blp.response(200, page_schema(Neuron, "NeuronPage"))
    def get(self, query: dict[str, Any], analysis_id: str) -> dict[str, Any]:
        """Neurons with what they did on the data and where they stand in the graph."""
        beta, page = query.pop("beta"), slice_of(query)
        return page_of(views.neurons(parts(), tenant(), analysis_id, NeuronFilter(**query), page, beta))
