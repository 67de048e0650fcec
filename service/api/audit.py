"""Two lines of the audit log for every request that changes something or was refused to.

`asked` is written before anything is done: a request whose line cannot be written is refused, and what a
crash interrupts is in the log all the same. `answered` names it by its number, and says what came of it.
"""

from typing import Any

import structlog
from flask import Flask, Response, g, request

from service.api.errors import problem
from service.audit_log import AuditLog
from service.errors import InsufficientStorage

log = structlog.get_logger("nif.api")
_SAFE = ("GET", "HEAD", "OPTIONS")


def register(app: Flask) -> None:
    """After `access.register`, which says who asks."""
    audit_log = AuditLog(app.extensions["nif"].settings.data_dir / "audit.jsonl")

    def before() -> Response | None:
        if g.get("caller") is None or request.method in _SAFE or request.url_rule is None:
            return None
        try:
            g.asked = audit_log.append(event="asked", **_who_asks_what(), object=request.path)
        except OSError as error:
            return _refusal(error)
        return None

    def after(response: Response) -> Response:
        if g.get("asked") is None:
            return response
        made = response.headers.get("Location") or request.path
        outcome = {"object": made, "status": response.status_code} | _hashes(response)
        try:
            audit_log.append(event="answered", asked=g.asked, **_who_asks_what(), **outcome)
        except OSError as error:
            return _refusal(error)
        return response

    app.before_request(before)
    app.after_request(after)


def _who_asks_what() -> dict[str, Any]:
    rule = request.url_rule.rule if request.url_rule is not None else None
    return {
        "tenant": g.caller.tenant, "key": g.caller.key_id, "method": request.method, "route": rule,
    }  # fmt: skip


def _hashes(response: Response) -> dict[str, str]:
    """The sha256 of model and dataset that the answer is about, as far as it says them."""
    body = response.get_json(silent=True) if response.is_json and response.status_code < 300 else None
    named = body if isinstance(body, dict) else {}
    found = {name: named.get(f"{name}_id") for name in ("model", "dataset")}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _refusal(error: OSError) -> Response:
    log.error("audit log", reason=error.strerror)
    return problem(InsufficientStorage("The audit log cannot be written; ask the operator"))
