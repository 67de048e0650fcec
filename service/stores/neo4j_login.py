"""Open the Neo4j store with the user and password of the environment.

NIF_NEO4J_USER (default neo4j), and NIF_NEO4J_PASSWORD or NIF_NEO4J_PASSWORD_FILE, a file with one line.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from estimator.errors import InvalidParameter, Place
from estimator.options import refuse
from service.extras import missing_extra
from service.stores.protocol import GraphStore

USER, PASSWORD, PASSWORD_FILE = "NIF_NEO4J_USER", "NIF_NEO4J_PASSWORD", "NIF_NEO4J_PASSWORD_FILE"


def open_neo4j(uri: str, env: Mapping[str, str] | None = None) -> GraphStore:
    """Connects at the first question. Raises InvalidParameter for a wrong URI or login, and MissingExtra."""
    parts = urlsplit(uri)
    if parts.username is not None or parts.password is not None:
        raise _wrong("store", f"the URI of the store holds a login; give it as {USER} and {PASSWORD_FILE}")
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise refuse(
            "store", parts.scheme, "bolt:// or neo4j:// with a host and a port, as in bolt://host:7687"
        )
    user, password = login(os.environ if env is None else env)
    try:
        from service.stores.neo4j import Neo4jStore
    except ModuleNotFoundError as error:
        raise missing_extra(error) or error from error
    return Neo4jStore(uri, user, password)


def login(env: Mapping[str, str]) -> tuple[str, str]:
    """User and password. Raises InvalidParameter, never showing the password."""
    given, file = env.get(PASSWORD), env.get(PASSWORD_FILE)
    if bool(given) == bool(file):
        both = "both are set" if given else "neither is set"
        raise _wrong(
            PASSWORD, f"Neo4j's password is in {PASSWORD} or in the file {PASSWORD_FILE}, and {both}"
        )
    user = env.get(USER) or "neo4j"
    if given:
        return user, given
    try:
        lines = Path(str(file)).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(PASSWORD_FILE, f"{PASSWORD_FILE}: the file cannot be read ({error})") from error
    if len(lines) != 1 or not lines[0]:
        raise _wrong(PASSWORD_FILE, f"{PASSWORD_FILE}: the file must hold one line, the password")
    return user, lines[0]


def _wrong(field: str, detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
