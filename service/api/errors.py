"""The only place that makes application/problem+json (RFC 9457) and that knows HTTP statuses of errors.

Every `type` is `/problems/<slug>`, relative to the service; GET /v1/docs explains each. The slugs are stable.
"""

import errno
import json
import math
import sqlite3
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from estimator import errors as estimator_errors
from estimator.errors import DISK_FULL, NifError, NotFound, Place
from service import errors as service_errors
from service.errors import (
    InsufficientStorage,
    MalformedRequest,
    MethodNotAllowed,
    Misdirected,
    NotAcceptable,
    PayloadTooLarge,
    PreconditionFailed,
    UnsupportedMediaType,
)
from service.jobs.database import QueueUnavailable
from service.stores.protocol import AnalysisNotStored, StoreUnavailable

log = structlog.get_logger("nif.api")

MEDIA_TYPE = "application/problem+json"
DETAIL_CHARACTERS = 500
PLACES = 50
RETRY_SECONDS = 5

STATUS: dict[str, int] = {
    "malformed-request": 400,
    "invalid-json": 400,
    "invalid-cursor": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "conflict": 409,
    "in-use": 409,
    "blob-corrupt": 409,
    "precondition-failed": 412,
    "payload-too-large": 413,
    "unsupported-media-type": 415,
    "misdirected-request": 421,
    "invalid-parameter": 422,
    "unknown-field": 422,
    "limit-exceeded": 422,
    "invalid-model": 422,
    "unsupported-model": 422,
    "invalid-dataset": 422,
    "columns-mismatch": 422,
    "too-few-rows": 422,
    "idempotency-mismatch": 422,
    "not-finite": 422,
    "rate-limited": 429,
    "quota-exceeded": 429,
    "internal-error": 500,
    "missing-extra": 503,
    "unavailable": 503,
    "timeout": 504,
    "insufficient-storage": 507,
}

# What Flask and Werkzeug raise by themselves, by status.
_FRAMEWORK: dict[int, type[NifError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    412: PreconditionFailed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    421: Misdirected,
}


class InternalError(NifError):
    slug, title = "internal-error", "The service failed; its log has the reason"


def every_type() -> dict[str, type[NifError]]:
    """Every problem type that an answer or a failed job can carry, by slug."""
    found: dict[str, type[NifError]] = {InternalError.slug: InternalError}
    for module in (estimator_errors, service_errors):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, NifError) and value is not NifError:
                found[value.slug] = value
    return found


def problem_body(error: NifError, status: int | None = None) -> dict[str, Any]:
    """The members of the problem; also what a failed job carries (then without a status)."""
    body: dict[str, Any] = {"type": f"/problems/{error.slug}", "title": error.title}
    if status is not None:
        body["status"] = status
    body["detail"] = _shortened(error.detail)
    if error.errors:
        body["errors"] = [_place(place) for place in error.errors[:PLACES]]
    return body


def problem(error: NifError, headers: dict[str, str] | None = None) -> Response:
    """The response for an error."""
    status = STATUS.get(error.slug, 422)
    response = Response(
        json.dumps(problem_body(error, status), ensure_ascii=True), status=status, mimetype=MEDIA_TYPE
    )
    response.headers.update(headers or {})
    if status in (401,):
        response.headers["WWW-Authenticate"] = 'Bearer realm="nif"'
    if status in (429, 503):
        wait = getattr(error, "retry_after", RETRY_SECONDS)
        response.headers["Retry-After"] = str(max(1, math.ceil(wait)))
    response.headers["Cache-Control"] = "no-store"
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        response.headers["Connection"] = "close"  # the rest of a refused body is not a next request
    level = log.error if status == 500 else log.info
    level("refused", slug=error.slug, status=status, method=request.method, reason=body_reason(error))
    return response


def body_reason(error: NifError) -> str:
    """One line for the log; only the sentence, and that without the value of the data that it quotes."""
    return _shortened(error.without_cell).encode("unicode_escape").decode()


def register(app: Flask) -> None:
    """Make every error of the app, the framework's own included, a problem."""
    app.register_error_handler(NifError, problem)
    app.register_error_handler(HTTPException, from_framework)
    app.register_error_handler(AnalysisNotStored, _not_stored)
    app.register_error_handler(StoreUnavailable, _unavailable)
    app.register_error_handler(QueueUnavailable, _unavailable)
    app.register_error_handler(sqlite3.OperationalError, _database)
    app.register_error_handler(OSError, _operating_system)
    app.register_error_handler(Exception, _unexpected)


def job_problem(problem: Mapping[str, Any]) -> dict[str, Any]:
    """The problem of a failed job, as the queue keeps it (slug, title, detail, errors), in the same form."""
    body = {"type": f"/problems/{problem['slug']}", "title": problem["title"]}
    body["detail"] = _shortened(problem["detail"])
    return body | ({"errors": problem["errors"][:PLACES]} if problem["errors"] else {})


def from_framework(error: HTTPException) -> Response:
    """An error that Flask or Werkzeug raised."""
    status = error.code or 500
    if status < 400:  # a redirect is no error; none is made, see service.app
        return error.get_response()  # type: ignore[return-value]
    headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
    if status >= 500:
        return _unexpected(error)
    kind = _FRAMEWORK.get(status, MalformedRequest)
    sentences = {
        404: "There is nothing at this path; /v1/openapi.json lists all paths",
        405: f"{request.method} is not allowed here; allowed: {headers.get('Allow', '')}",
        413: "The body is longer than the limit of /v1/limits",
    }
    detail = sentences.get(status, kind.title)
    return problem(kind(detail), headers)


def _not_stored(_: AnalysisNotStored) -> Response:
    return problem(estimator_errors.Unavailable("The network of this analysis is not in the store"))


def _unavailable(error: Exception) -> Response:
    log.error("unavailable", reason=str(error))
    return problem(
        estimator_errors.Unavailable("A part of the service cannot be reached; /readyz says which")
    )


def _database(error: sqlite3.OperationalError) -> Response:
    log.error("catalog", reason=str(error))
    if "full" in str(error):
        return problem(InsufficientStorage("The disk of the service is full; nothing was stored"))
    return problem(estimator_errors.Unavailable("The catalog cannot be reached or is busy; try again"))


def _operating_system(error: OSError) -> Response:
    if error.errno in DISK_FULL:
        log.error("disk full", reason=error.strerror)
        return problem(InsufficientStorage("The disk of the service is full; nothing was stored"))
    if error.errno in (errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE):
        log.error("disk", reason=error.strerror)
        return problem(estimator_errors.Unavailable("The disk of the service failed; nothing was stored"))
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return problem(InternalError("The service failed on this request; its log has the reason"))


def _place(place: Place) -> dict[str, Any]:
    return {k: _shortened(v) if isinstance(v, str) else v for k, v in place.as_dict().items()}


def _shortened(text: str) -> str:
    return text if len(text) <= DETAIL_CHARACTERS else text[: DETAIL_CHARACTERS - 1] + "…"
