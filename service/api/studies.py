"""What the routes of all kinds of studies share: asking, listing, cancelling, removing."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from estimator.errors import NotFound
from service import views
from service.api.context import parts, tenant
from service.api.cursors import after_cursor, cursor_for
from service.api.exchange import check_if_match
from service.api.uploads import idempotency_key
from service.studies.kinds import KindName
from service.studies.submissions import Named, cancel_study, delete_study, submit_study

RETRY_AFTER = "2"
ACCEPTED = {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "integer"}}}


def listed(kind: KindName, query: dict[str, Any], analysis: str | None = None) -> dict[str, Any]:
    """A page of the caller's studies of that kind."""
    query["after"] = after_cursor(query.pop("cursor"))
    if analysis is not None:
        query["analysis"] = analysis
    listing = views.studies(parts(), tenant(), kind, **query)
    return {"items": listing.items, "next": cursor_for(listing.after)}


def asked(
    kind: KindName, of: Sequence[Named], options: Mapping[str, Any], path: str
) -> tuple[Any, int, dict[str, str]]:
    """A new study, in the queue. path: under which its id is found."""
    record = submit_study(parts(), tenant(), kind, of, options, idempotency_key())
    headers = {"Location": f"{path}/{record.id}", "Retry-After": RETRY_AFTER}
    return views.study(parts(), tenant(), kind, record.id), 202, headers


def told(kind: KindName, study_id: str, analysis_id: str | None = None) -> Any:
    """A study with its status, and its document when it is done. analysis_id: under which the URL has it."""
    _check_path(kind, study_id, analysis_id)
    return views.study(parts(), tenant(), kind, study_id)


def cancelled(kind: KindName, study_id: str, analysis_id: str | None = None) -> Any:
    """Cancel it; its status then."""
    _check_path(kind, study_id, analysis_id)
    cancel_study(parts(), tenant(), kind, study_id)
    return views.study(parts(), tenant(), kind, study_id)


def removed(kind: KindName, study_id: str, analysis_id: str | None = None) -> Response:
    """Delete it; 204."""
    _check_path(kind, study_id, analysis_id)
    check_if_match(None)
    delete_study(parts(), tenant(), kind, study_id)
    return Response(status=204)


def _check_path(kind: KindName, study_id: str, analysis_id: str | None) -> None:
    """NotFound under another analysis's path."""
    if analysis_id is not None:
        record = parts().catalog.study(study_id, tenant(), kind)
        if record.analysis_id != analysis_id:
            raise NotFound(f"There is no {kind} of this id under this analysis")
