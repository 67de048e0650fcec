"""/v1/analyses/{id}/network"""

import hashlib
from typing import Any

import marshmallow as ma
from flask import Response, stream_with_context
from flask.views import MethodView
from marshmallow.validate import OneOf

from estimator.graph.export import FORMATS
from service import views
from service.api.blueprint import Blueprint, produces, query_text
from service.api.context import parts, tenant
from service.api.documented import also, problems
from service.api.exchange import accepted_type, with_etag
from service.api.network_queries import BetaQuery
from service.errors import RateLimited

BUSY_RETRY_SECONDS = 5

blp = Blueprint("network", __name__, url_prefix="/v1", description="The whole network")

_TYPES = {name: made.media_type.partition(";")[0] for name, made in FORMATS.items()}


class NetworkQuery(BetaQuery):
    """format wins over Accept."""

    format = ma.fields.String(validate=OneOf(list(FORMATS)))


class NodeLink(ma.Schema):
    """The graph as networkx.node_link_graph(value, edges="links") reads it."""

    directed = ma.fields.Boolean(required=True)
    multigraph = ma.fields.Boolean(required=True)
    graph = ma.fields.Dict(required=True)
    nodes = ma.fields.List(ma.fields.Dict(), required=True)
    links = ma.fields.List(ma.fields.Dict(), required=True)


@blp.route("/analyses/<analysis:analysis_id>/network")
class Network(MethodView):
    @produces()  # chosen below: `format` wins over Accept
    @problems(404, 406, 409, 422, 429)
    @also({media_type: {"type": "string"} for name, media_type in _TYPES.items() if name != "json"})
    @blp.arguments(NetworkQuery, location="query")
    @blp.response(200, NodeLink)
    def get(self, query: dict[str, Any], analysis_id: str) -> Response:
        """The whole network as JSON (node-link), GraphML, GEXF or CSV, by `format` or else by Accept."""
        name = query["format"]
        if name is None:
            accepted = accepted_type(tuple(_TYPES.values()))
            name = next(format_name for format_name, kind in _TYPES.items() if kind == accepted)
        response = self._streamed(name, analysis_id, query["beta"])
        response.headers["Vary"] = "Accept"
        file_name = f"network-{analysis_id}{FORMATS[name].suffix}"
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
        tag = hashlib.sha256(f"{analysis_id} {name} {query_text()}".encode()).hexdigest()[:32]
        return with_etag(response, tag)

    def _streamed(self, name: str, analysis_id: str, beta: float | None) -> Response:
        """The network in that format. RateLimited while as many are written out as the limits allow."""
        exports = parts().exports
        if not exports.acquire(blocking=False):
            raise RateLimited(
                f"{parts().limits.exports} networks are written out already, the limit of /v1/limits; "
                "try again later",
                retry_after=BUSY_RETRY_SECONDS,
            )
        try:
            network, facts = views.network(parts(), tenant(), analysis_id, beta)
            blocks = FORMATS[name].write(network, facts)
            response = Response(stream_with_context(blocks), content_type=FORMATS[name].media_type)
        except BaseException:
            exports.release()
            raise
        response.call_on_close(exports.release)
        return response
