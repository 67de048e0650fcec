"""Writes a line of the audit log for every request that changes something or was refused to."""

import structlog
from flask import Flask, Response, g, request

from service.api.errors import problem
from service.audit_log import AuditLog
from service.errors import InsufficientStorage

log = structlog.get_logger("nif.api")
_SAFE = ("GET", "HEAD", "OPTIONS")


def register(app: Flask) -> None:
    audit_log = AuditLog(app.extensions["nif"].settings.data_dir / "audit.jsonl")

    def after(response: Response) -> Response:
        caller = g.get("caller")
        if caller is None or request.method in _SAFE or request.url_rule is None:
            return response
        try:
            audit_log.append(
                tenant=caller.tenant,
                key=caller.key_id,
                method=request.method,
                route=request.url_rule.rule,
                object=response.headers.get("Location") or request.path,
                status=response.status_code,
            )
        except OSError as error:
            log.error("audit log", reason=error.strerror)
            return problem(InsufficientStorage("The audit log cannot be written; ask the operator"))
        return response

    app.after_request(after)
