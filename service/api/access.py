"""Who may do what: API keys, and for a service without keys, only this machine's own programs.

Without keys everybody on this machine is the tenant `local`. A web page in a browser here must not be
one of them: a foreign Host (DNS rebinding) and a foreign Origin are refused.
"""

import re
import time
from collections import OrderedDict
from threading import Lock
from urllib.parse import urlsplit

from flask import Flask, g, request

from service.api import links
from service.api.context import LOCAL_TENANT, Caller, parts
from service.errors import Forbidden, Misdirected, RateLimited, Unauthenticated
from service.keys import key_hash
from service.settings import is_loopback

# Scheme in any case, one space, one key; bytes that are no ASCII do not match.
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9_-]{20,200})\Z")
_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = frozenset(
    {
        "health.Health", "health.Ready", "root.Health", "root.Ready",
        "docs.openapi", "docs.page", "docs.problem", "docs.script",
    }
)  # fmt: skip
_WINDOW_SECONDS = 60.0
_ADDRESSES = 10_000


class FailedKeys:
    """Counts wrong keys an address, in bounded memory; the address is the connection's, never a header's."""

    def __init__(self, a_minute: int) -> None:
        self._allowed = a_minute
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def count(self, address: str) -> None:
        """Count one; RateLimited when the address has used up its minute."""
        now = time.monotonic()
        with self._lock:
            since, number = self._seen.pop(address, (now, 0))
            if now - since > _WINDOW_SECONDS:
                since, number = now, 0
            self._seen[address] = (since, number + 1)
            if len(self._seen) > _ADDRESSES:
                self._seen.popitem(last=False)
        if number >= self._allowed:
            wait = int(since + _WINDOW_SECONDS - now) + 1
            raise RateLimited(f"Too many wrong API keys; try again in {wait} seconds", retry_after=wait)


def register(app: Flask) -> None:
    """Let every request pass through `admit` first."""
    failed = FailedKeys(app.extensions["nif"].limits.failed_keys_a_minute)

    def before() -> None:
        if request.endpoint not in _OPEN:
            g.caller = _holder(failed) if _has_ticket() else admit(failed)

    app.before_request(before)


def admit(failed: FailedKeys) -> Caller:
    """The caller, or Unauthenticated, RateLimited, Forbidden, Misdirected."""
    settings, catalog = parts().settings, parts().catalog
    if not settings.needs_keys and not catalog.any_key():
        _refuse_foreign(settings.host)
        return Caller(LOCAL_TENANT, "write", None)
    match = _BEARER.match(request.headers.get("Authorization", ""))
    key = catalog.key_of(key_hash(match.group(1))) if match else None
    if key is None:
        failed.count(request.remote_addr or "")
        raise Unauthenticated("Send a valid API key as `Authorization: Bearer KEY`")
    if key.role == "read" and request.method not in _SAFE:
        raise Forbidden("This API key may only read")
    return Caller(key.tenant, key.role, key.id)


def _has_ticket() -> bool:
    asked = request.endpoint in links.PAGES and request.method in _SAFE and links.TICKET in request.args
    return asked and parts().catalog.any_key()


def _holder(failed: FailedKeys) -> Caller:
    try:
        return links.holder(request.args[links.TICKET])
    except Unauthenticated:
        failed.count(request.remote_addr or "")
        raise


def _refuse_foreign(bound: str) -> None:
    host = request.environ.get("HTTP_HOST")
    if host is not None and not _is_here(host, bound):
        raise Misdirected("This service answers only to the name of its own machine, such as 127.0.0.1")
    origin = request.headers.get("Origin")
    if origin is not None and request.method not in _SAFE:
        parted = urlsplit(origin)
        if parted.scheme not in ("http", "https") or parted.netloc != host:
            raise Forbidden("A page of another site may not use this service")


def _is_here(host: str, bound: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(name) or name == bound
