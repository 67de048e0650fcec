"""What a route needs to know of its request: the parts of the service, and who is asking."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g

from service.catalog import Role
from service.parts import Parts

LOCAL_TENANT = "local"


@dataclass(frozen=True)
class Caller:
    """key_id: None on a service without keys, where everybody on this machine is the tenant `local`."""

    tenant: str
    role: Role
    key_id: str | None


def parts() -> Parts:
    return cast(Parts, current_app.extensions["nif"])


def caller() -> Caller:
    return cast(Caller, g.caller)


def tenant() -> str:
    return caller().tenant
