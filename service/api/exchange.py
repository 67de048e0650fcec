"""What holds for every request and answer: query and body asked for or refused, Accept, ETags, headers."""

import hashlib
from typing import Any

from flask import Flask, Response, current_app, request

from estimator.errors import NotFound, Place
from service.api.blueprint import JSON
from service.api.errors import problem
from service.errors import NotAcceptable, PreconditionFailed, UnknownField, UnsupportedMediaType

_BODIES = ("POST", "PUT", "PATCH", "DELETE")


def register(app: Flask) -> None:
    app.before_request(_check)
    app.after_request(_finish)


def _check() -> None:
    if request.environ.get("RAW_URI", "").startswith("//"):
        raise NotFound("There is nothing at a path that begins with //")  # gunicorn made it one slash
    operation = _operation()
    if operation is None:
        return
    parameters = getattr(operation, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    if request.args and not any(parameter["in"] == "query" for parameter in parameters):
        name = next(iter(request.args))[:60]
        detail = f"{name} is not known here; this takes no query"
        raise UnknownField(detail, errors=[Place(detail, field=name)])
    takes_body = getattr(operation, "_takes_body", False) or any(p["in"] == "json" for p in parameters)
    has_body = bool(request.content_length) or "chunked" in request.headers.get("Transfer-Encoding", "")
    if request.method in _BODIES and has_body and not takes_body:
        raise UnsupportedMediaType("This takes no body")
    offered = getattr(operation, "_produces", (JSON,))
    if offered:
        accepted_type(offered)


def accepted_type(offered: tuple[str, ...]) -> str:
    """The offered media type that Accept likes best, the first of equals. NotAcceptable if it likes none."""
    if not request.headers.get("Accept", "").strip():
        return offered[0]
    best = request.accept_mimetypes.best_match(offered)
    if best is None:
        raise NotAcceptable(f"This can be had as {', '.join(offered)}; Accept allows none of them")
    return str(best)


def check_if_match(tag: str | None) -> None:
    """Before a change: PreconditionFailed if If-Match names another state. tag: None where none is kept."""
    wanted = request.if_match
    if wanted and not wanted.star_tag and (tag is None or not wanted.contains_weak(tag)):
        raise PreconditionFailed("The object is not in the state that If-Match names")


def with_etag(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    return response


def _operation() -> Any:
    """The function that will answer, None where routing found none."""
    view = current_app.view_functions.get(request.endpoint or "")
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return view
    method = "get" if request.method == "HEAD" else request.method.lower()
    return getattr(view_class, method, None)


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.setdefault("Cache-Control", "private, no-cache")
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        return _conditional(response)
    return response


def _conditional(response: Response) -> Response:
    """304 for a tag that the reader has; 412 for If-Match with another. Weak twins count as equal."""
    tag, _ = response.get_etag()
    if tag is None and not response.is_streamed and "no-store" not in response.headers["Cache-Control"]:
        tag = hashlib.sha256(response.get_data()).hexdigest()[:32]
        response.set_etag(tag)
    if tag is None:
        return response
    try:
        check_if_match(tag)
    except PreconditionFailed as error:
        response.close()
        return problem(error)
    if request.if_none_match.contains_weak(tag) or request.if_none_match.star_tag:
        return _not_modified(response)
    return response


def _not_modified(response: Response) -> Response:
    response.close()
    bare = Response(status=304)
    for name in ("ETag", "Cache-Control", "Vary", "Content-Location"):
        if name in response.headers:
            bare.headers[name] = response.headers[name]
    return bare
