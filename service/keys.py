"""API keys as an operator handles them: made, listed, revoked."""

import hashlib
import secrets
from uuid import uuid4

from estimator.errors import InvalidParameter, Place
from service.catalog import Catalog, KeyRecord, Role
from service.settings import Settings

PREFIX = "nif_"


def create_key(catalog: Catalog, tenant: str, role: Role, name: str) -> tuple[KeyRecord, str]:
    """A new key of 256 random bits. The text is returned here and nowhere else: only its hash is kept."""
    if role not in ("read", "write"):
        raise _refuse("role", role, "read or write")
    if not tenant.isidentifier() or len(tenant) > 64:
        raise _refuse("tenant", tenant, "letters, digits and _, at most 64, not starting with a digit")
    if not name.isprintable() or not 1 <= len(name) <= 100:
        raise _refuse("name", name, "1 to 100 printable characters")
    text = PREFIX + secrets.token_urlsafe(32)
    return catalog.add_key(uuid4().hex[:12], tenant, role, name, key_hash(text)), text


def check_keys(settings: Settings, catalog: Catalog) -> None:
    """Refuse to serve the outside without keys."""
    if settings.needs_keys and not catalog.any_key():
        name = "public" if settings.public else "host"
        detail = (
            f"NIF_{name.upper()} is {getattr(settings, name)!r}, so others can reach this service, and "
            "there are no API keys; make one with `nif keys create`, or leave NIF_HOST at 127.0.0.1 and "
            "NIF_PUBLIC at false"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field=f"NIF_{name.upper()}")])


def key_hash(text: str) -> str:
    """What the catalog keeps of a key."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _refuse(field: str, seen: str, rule: str) -> InvalidParameter:
    detail = f"{field} is {seen!r}; it must be {rule}"
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
