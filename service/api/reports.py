"""/v1/analyses/{id}/report"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView

from service import views
from service.api.blueprint import Blueprint, produces
from service.api.context import parts, tenant
from service.api.documented import also, problems
from service.api.links import NOT_KEPT, Link, PageQuery, link_to
from service.catalog import StudyRecord
from service.report.csp import content_security_policy
from service.report.page import report_page
from service.report.studies.kinds import section_of
from service.report.studies.section import Section
from service.report.text import count
from service.views.study_answers import SIDES

blp = Blueprint("report", __name__, url_prefix="/v1", description="The page of a network")

SCRIPT = "/v1/docs/plotly.min.js"


@blp.route("/analyses/<analysis:analysis_id>/report")
class Report(MethodView):
    @produces("text/html")
    @problems(404, 406, 409, 422)
    @also({"text/html": {"type": "string"}})
    @blp.arguments(PageQuery, location="query")
    def get(self, query: dict[str, Any], analysis_id: str) -> Response:
        """The report as one HTML page that loads nothing from elsewhere, with the studies that are done.

        A browser opens it by its `link`.
        """
        network, facts = views.network(parts(), tenant(), analysis_id, query["beta"])
        found, older = views.finished_studies(parts(), tenant(), analysis_id)
        studies = [_section(*study) for study in found]
        if older:
            said = f"{count(older, 'older study', 'older studies')} of this analysis can be asked for by API."
            studies.append(Section("Not shown", (said,)))
        title = f"Analysis {analysis_id}"
        page = report_page(network, facts, plotly_src=SCRIPT, title=title, studies=studies)
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = content_security_policy()
        response.headers["X-Frame-Options"] = "DENY"
        return response


@blp.route("/analyses/<analysis:analysis_id>/report/link")
class ReportLink(MethodView):
    @problems(404)
    @blp.response(200, Link, headers=NOT_KEPT)
    def get(self, analysis_id: str) -> tuple[dict[str, Any], int, dict[str, str]]:
        """A link by which a browser, which sends no API key, opens the report for some minutes."""
        parts().catalog.analysis(analysis_id, tenant())
        return link_to(f"/v1/analyses/{analysis_id}/report"), 200, {"Cache-Control": "no-store"}


def _section(record: StudyRecord, document: Mapping[str, Any]) -> Section:
    """The study's section, and at its end which one it is: there may be several of a kind."""
    section = section_of(document)
    of = " and ".join(f"{name} {id}" for name, id in zip(SIDES[record.kind], record.analyses, strict=False))
    which = f"This is {record.kind} {record.id} of {of}, asked for at {record.created_at}."
    return replace(section, sentences=(*section.sentences, which))
