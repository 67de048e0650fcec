"""/v1/analyses/{id}/report"""

from typing import Any

from flask import Response
from flask.views import MethodView

from service import views
from service.api.blueprint import Blueprint, produces
from service.api.context import parts, tenant
from service.api.documented import also, problems
from service.api.network_queries import BetaQuery
from service.report.csp import content_security_policy
from service.report.page import report_page

blp = Blueprint("report", __name__, url_prefix="/v1", description="The page of a network")

SCRIPT = "/v1/docs/plotly.min.js"


@blp.route("/analyses/<analysis:analysis_id>/report")
class Report(MethodView):
    @produces("text/html")
    @problems(404, 406, 409, 422)
    @also({"text/html": {"type": "string"}})
    @blp.arguments(BetaQuery, location="query")
    def get(self, query: dict[str, Any], analysis_id: str) -> Response:
        """The report as one HTML page that loads nothing from elsewhere."""
        network, facts = views.network(parts(), tenant(), analysis_id, query["beta"])
        page = report_page(network, facts, plotly_src=SCRIPT, title=f"Analysis {analysis_id}")
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = content_security_policy()
        response.headers["X-Frame-Options"] = "DENY"
        return response
