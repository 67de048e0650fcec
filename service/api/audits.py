"""/v1/audits: policies judged on analyses."""

from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView

from estimator.errors import NifError
from service import views
from service.api import studies
from service.api.audit_schemas import BUNDLE, TYPES, Audit, AuditFormat, AuditQuery, AuditRequest
from service.api.blueprint import JSON, Blueprint, produces
from service.api.context import parts, tenant
from service.api.documented import also, idempotent, problems
from service.api.exchange import accepted_type
from service.api.links import NOT_KEPT, Link, link_to
from service.api.study_schemas import study_page
from service.policies import Policy, read_policy
from service.policies.formats import FORMATS, render
from service.report.csp import content_security_policy
from service.studies.evidence import audit_bundle
from service.studies.submissions import Named

blp = Blueprint("audits", __name__, url_prefix="/v1", description="Policies judged on analyses")


@blp.route("/audits")
class Audits(MethodView):
    @problems(404)
    @blp.arguments(AuditQuery, location="query")
    @blp.response(200, study_page(Audit, "AuditPage"))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Your audits, the newest first, with their verdicts and without their documents."""
        return studies.listed("audit", query)

    @idempotent
    @problems(400, 404, 409, 413, 415, 422, 429, 503)
    @blp.arguments(AuditRequest)
    @blp.response(202, Audit, headers=studies.ACCEPTED)
    def post(self, body: dict[str, Any]) -> tuple[Any, int, dict[str, str]]:
        """Judge a policy on an analysis that is done; against a baseline where a rule asks for one.

        With an `Idempotency-Key` a repeated request makes one audit.
        """
        of = [Named(body["analysis"], "analysis")]
        if body.get("baseline") is not None:
            of.append(Named(body["baseline"], "baseline"))
        return studies.asked("audit", of, {"policy": _policy(body["policy"]).as_dict()}, "/v1/audits")


@blp.route("/audits/<analysis:audit_id>")
class OneAudit(MethodView):
    @produces()  # chosen below: `format` wins over Accept
    @problems(404, 406, 409, 422)
    @also({media_type: {"type": "string"} for media_type in TYPES.values() if media_type != JSON})
    @blp.arguments(AuditFormat, location="query")
    @blp.response(200, Audit)
    def get(self, query: dict[str, Any], audit_id: str) -> Any:
        """The status of an audit and its document when it is done, as JSON.

        Or the document alone as JUnit XML, SARIF, Markdown or HTML, or all of it as a signed bundle of
        evidence, by `format` or else by Accept; 409 until it is done.
        """
        name = query["format"]
        if name is None:
            accepted = accepted_type(tuple(TYPES.values()))
            name = next(form for form, media_type in TYPES.items() if media_type == accepted)
        if name == "json":
            return studies.told("audit", audit_id), 200, {"Vary": "Accept"}
        return _vary(_bundle(audit_id) if name == BUNDLE else _rendered(name, audit_id))

    @problems(404, 412)
    @blp.response(204)
    def delete(self, audit_id: str) -> Response:
        """Delete an audit; a running one is cancelled."""
        return studies.removed("audit", audit_id)


@blp.route("/audits/<analysis:audit_id>/link")
class AuditLink(MethodView):
    @problems(404)
    @blp.response(200, Link, headers=NOT_KEPT)
    def get(self, audit_id: str) -> tuple[dict[str, Any], int, dict[str, str]]:
        """A link by which a browser, which sends no API key, opens the finished audit for some minutes."""
        parts().catalog.study(audit_id, tenant(), "audit")
        link = link_to(f"/v1/audits/{audit_id}", format="html")
        return link, 200, {"Cache-Control": "no-store"}


@blp.route("/audits/<analysis:audit_id>/cancellation")
class AuditCancellation(MethodView):
    @problems(404, 409)
    @blp.response(202, Audit)
    def post(self, audit_id: str) -> Any:
        """Cancel an audit; 409 when it is done or failed."""
        return studies.cancelled("audit", audit_id)


def _policy(given: Any) -> Policy:
    try:
        return read_policy(given.encode()) if isinstance(given, str) else Policy.from_dict(given)
    except NifError as error:
        # What YAML itself refuses has a line; here it has a field, too.
        error.errors = tuple(replace(place, field=place.field or "policy") for place in error.errors)
        raise


def _rendered(name: str, audit_id: str) -> Response:
    document = views.finished_document(parts(), tenant(), "audit", audit_id)
    form = FORMATS[name]
    text = "" if "charset" in form.media_type else "; charset=utf-8"
    response = Response(render(name, document), content_type=f"{form.media_type}{text}")
    if name == "html":
        response.headers["Content-Security-Policy"] = content_security_policy()
        response.headers["X-Frame-Options"] = "DENY"
    else:
        file_name = f"audit-{audit_id}{form.file.removeprefix('audit')}"
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def _bundle(audit_id: str) -> Response:
    response = Response(audit_bundle(parts(), tenant(), audit_id), content_type=TYPES[BUNDLE])
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{audit_id}.nif.zip"'
    return response


def _vary(response: Response) -> Response:
    response.headers["Vary"] = "Accept"
    return response
