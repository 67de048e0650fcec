"""Each setting: its name, its default, what it means, and how its text is read (strictly)."""

import math
import re
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_data_dir

from service.memory import MIB, machine_memory

NEO4J = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


@dataclass(frozen=True)
class Setting:
    """field: of Settings; the variable is NIF_ and the field in capitals. default: text, or a function of it.

    value: from text to the field's value; raises ValueError with the end of "NIF_X (source) ...".
    """

    field: str
    default: str | Callable[[], str]
    value: Callable[[str], Any]
    help: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return f"NIF_{self.field.upper()}"


def _shown(text: str) -> str:
    return f"is {text!r}" if len(text) <= 80 else f"is a text of {len(text)} characters"


def text_value(text: str) -> str:
    if text != text.strip() or any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in text):
        raise ValueError(f"{_shown(text)}; it must have no blanks around it and no control characters")
    return text


def whole(low: int, high: int) -> Callable[[str], int]:
    """Digits only: no sign, no 0x, no 1_000, no 1e3."""

    def value(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", text) or not low <= int(text) <= high:
            raise ValueError(f"{_shown(text)}; it must be a whole number from {low} to {high}")
        return int(text)

    return value


def seconds(low: float, high: float) -> Callable[[str], float]:
    def value(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text) or not low <= float(text) <= high:
            raise ValueError(f"{_shown(text)}; it must be a number of seconds from {low:g} to {high:g}")
        return float(text)

    return value


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{_shown(text)}; it must be true or false")
    return text == "true"


def mebibytes(low: int) -> Callable[[str], int]:
    """A size in MiB, at least `low`, as bytes."""
    return lambda text: whole(low, 2**30)(text) * MIB


def folder(text: str) -> Path:
    path = Path(text_value(text)).expanduser()
    if not path.is_absolute():
        raise ValueError(f"{_shown(text)}; it must be an absolute path")
    return path


def host(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", text_value(text)):
        raise ValueError(f"{_shown(text)}; it must be an address or a host name")
    return text


def uri(*schemes: str) -> Callable[[str], str]:
    """A URI of one of the schemes, or empty for the default. Never shown: it may hold a password."""

    def value(text: str) -> str:
        if text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            scheme = text.partition("://")[0][:20] if "://" in text else "no scheme"
            raise ValueError(f"has {scheme!r}; it must begin with " + " or ".join(f"{s}://" for s in schemes))
        return text and text_value(text)

    return value


def secret_text(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError("must have no blanks around it and no control characters")
    return text


def secret_file(text: str) -> str:
    """A file that only its owner can read, or empty for none."""
    if not text:
        return text
    path = folder(text)
    try:
        found = path.stat()
    except OSError as error:
        raise ValueError(f"{_shown(text)}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{_shown(text)}; it must be a file")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise ValueError(f"{_shown(text)}, and others may read that file; run: chmod 600 {text}")
    return text


def one_of(*values: str) -> Callable[[str], str]:
    def value(text: str) -> str:
        if text not in values:
            raise ValueError(f"{_shown(text)}; it must be one of " + ", ".join(values))
        return text

    return value


def name(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z._-]{1,60}", text):
        raise ValueError(f"{_shown(text)}; it must be 1 to 60 letters, digits, dots, hyphens or underscores")
    return text


def _worker_name() -> str:
    return re.sub(r"[^0-9A-Za-z._-]", "-", socket.gethostname())[:60] or "worker"


def _memory_limit() -> str:
    return str(max(256, math.floor(0.75 * machine_memory() / MIB)))


SETTINGS = (
    Setting(
        "data_dir", lambda: user_data_dir("nif"), folder, "Folder of uploads, queue, catalog and networks."
    ),
    Setting("host", "127.0.0.1", host, "Address the API listens on."),
    Setting("port", "8000", whole(0, 65535), "Port the API listens on; 0 takes a free one."),
    Setting(
        "public", "false", boolean, "true: reached from outside (a proxy, a published port); needs API keys."
    ),
    Setting(
        "store",
        "",
        uri("embedded", *NEO4J),
        "Graph store; by default a file in data_dir.",
    ),
    Setting("neo4j_user", "neo4j", secret_text, "User of the Neo4j store."),
    Setting("neo4j_password", "", secret_text, "Password of the Neo4j store; better in a file.", secret=True),
    Setting("neo4j_password_file", "", secret_file, "File with one line, the password of the Neo4j store."),
    Setting(
        "queue",
        "",
        uri("sqlite", "postgresql"),
        "Database of the job queue; by default a SQLite file in data_dir.",
    ),
    Setting(
        "workers", "1", whole(0, 64), "Workers that `nif serve` starts; each runs one analysis at a time."
    ),
    Setting(
        "worker_name", _worker_name, name, "Name of this host's workers in the queue; unlike on every host."
    ),
    Setting("api_threads", "8", whole(1, 256), "Requests that the API answers at once."),
    Setting(
        "job_time_limit", "3600", seconds(1, 1e7), "Seconds an analysis may run; then it fails: time-limit."
    ),
    Setting(
        "job_memory_limit",
        _memory_limit,
        mebibytes(256),
        "MiB an analysis may use; then it fails: memory-limit.",
    ),
    Setting(
        "job_attempts", "3", whole(1, 20), "Times an analysis is begun when its worker dies; then it fails."
    ),
    Setting(
        "worker_lost_after",
        "60",
        seconds(5, 86400),
        "Seconds without sign of life until others take a worker's job.",
    ),
    Setting("queue_depth", "10000", whole(1, 10_000_000), "Jobs that may wait; more are answered 429."),
    Setting(
        "tenant_queue_depth", "5000", whole(1, 10_000_000), "Jobs of one tenant that may wait; more: 429."
    ),
    Setting(
        "tenant_files", "10000", whole(1, 10_000_000), "Models and datasets one tenant may store; more: 429."
    ),
    Setting("tenant_bytes", "102400", mebibytes(1), "MiB of files one tenant may store; more: 429."),
    Setting(
        "signing_key",
        "",
        secret_file,
        "File with the private key that signs evidence (`nif keys signing create`); none: no bundles.",
    ),
    Setting(
        "log_level", "info", one_of("debug", "info", "warning", "error"), "Least level of the log's lines."
    ),
)
NAMES = tuple(setting.variable for setting in SETTINGS)
# Variables of `make neo4j`, which runs a server for development, and of the tests.
NOT_OURS = ("NIF_NEO4J_BOLT_PORT", "NIF_NEO4J_HTTP_PORT", "NIF_NEO4J_URI")
