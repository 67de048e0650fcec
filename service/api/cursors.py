"""Cursors of listings: opaque, signed, and good for one caller's one query only."""

import base64
import hashlib
import hmac
import json
import re
from typing import Any

from flask import request

from service.api.blueprint import query_text
from service.api.context import parts, tenant
from service.errors import InvalidCursor

_SIGNATURE_BYTES = 16
_TEXT = re.compile(r"[A-Za-z0-9_-]{22,4000}\Z")


def cursor_for(after: tuple[Any, ...] | None) -> str | None:
    """The cursor that goes on after the row with these sort keys; None at the end."""
    if after is None:
        return None
    payload = json.dumps(after, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(payload) + payload).decode().rstrip("=")


def after_cursor(cursor: str | None) -> tuple[Any, ...] | None:
    """The sort keys in a cursor. InvalidCursor unless this very query was given it, by this service."""
    if cursor is None:
        return None
    if not _TEXT.match(cursor):
        raise _invalid()
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise _invalid() from error
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    # Bits of the last character that base64 ignores would make two cursors of one.
    canonical = base64.urlsafe_b64encode(raw).decode().rstrip("=") == cursor
    if not canonical or not hmac.compare_digest(signature, _signature(payload)):
        raise _invalid()
    return tuple(json.loads(payload))


def _signature(payload: bytes) -> bytes:
    bound = "\n".join((tenant(), request.path, query_text())).encode("utf-8", "surrogatepass")
    digest = hmac.new(parts().secret, bound + b"\n" + payload, hashlib.sha256).digest()
    return digest[:_SIGNATURE_BYTES]


def _invalid() -> InvalidCursor:
    return InvalidCursor("The cursor is not one that this query was given; start again without `cursor`")
