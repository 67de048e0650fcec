"""Links to pages: an address with a ticket in its query, because a browser sends no API key.

A ticket is signed, good for some minutes and for one path, and names whose it is: the tenant and the key,
with which it dies. With it one can read that page and nothing else. The log of requests has no query.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import request
from itsdangerous import BadData, URLSafeTimedSerializer

from service.api.context import Caller, caller, parts
from service.api.network_queries import BetaQuery
from service.errors import Unauthenticated

PAGES = frozenset({"report.Report", "audits.OneAudit"})
TICKET = "ticket"
NOT_KEPT = {"Cache-Control": {"schema": {"type": "string"}}}


class Link(ma.Schema):
    """Where a browser finds the page, on this service."""

    url = ma.fields.String(required=True, metadata={"description": "Path and query; put the host before it"})
    expires_at = ma.fields.DateTime(
        required=True, allow_none=True, metadata={"description": "null on a service without keys: never"}
    )


def ticket_field() -> ma.fields.String:
    """The query parameter; `access` has judged it when a route runs."""
    return ma.fields.String(
        metadata={"description": "Of a link, instead of an API key; see the page's `link`"}
    )


class PageQuery(BetaQuery):
    """What a page can be asked with."""

    ticket = ticket_field()


def link_to(path: str, **query: str) -> dict[str, Any]:
    """A link for the caller to a path that the caller may read."""
    key_id = caller().key_id
    if key_id is None:
        return {"url": f"{path}?{urlencode(query)}" if query else path, "expires_at": None}
    seconds = parts().limits.link_seconds
    query[TICKET] = _serializer().dumps([path, caller().tenant, key_id])
    return {"url": f"{path}?{urlencode(query)}", "expires_at": datetime.now(UTC) + timedelta(seconds=seconds)}


def holder(ticket: str) -> Caller:
    """Whose ticket it is. Unauthenticated unless it is for this path, in time, and its key is valid."""
    refused = Unauthenticated("The link is not of this page, or its time is over; ask for a new one")
    try:
        path, tenant, key_id = _serializer().loads(ticket, max_age=parts().limits.link_seconds)
    except BadData as error:
        raise refused from error
    if path != request.path or not parts().catalog.is_valid(key_id):
        raise refused
    return Caller(tenant, "read", key_id)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        parts().secret, salt="page link", signer_kwargs={"digest_method": hashlib.sha256}
    )
