"""A file of settings, `NIF_NAME=value` a line: read as written, nothing substituted, no name twice."""

import os
import stat
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from estimator.errors import InvalidParameter, Place

SETTINGS_FILE = "NIF_SETTINGS_FILE"
MAX_BYTES = 1 << 20


def read_settings_file(path: Path) -> dict[str, str]:
    """Names and values. Raises InvalidParameter naming file and line.

    A file that holds a password (in a URI) must be readable by its owner alone.
    """
    text = _text(path)
    found: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        line = binding.original.line + binding.original.string[
            : -len(binding.original.string.lstrip()) or None
        ].count("\n")
        if binding.error or (binding.key is not None and binding.value is None):
            raise _refuse(path, "is not of the form NIF_NAME=value", line)
        if binding.key is None or binding.value is None:
            continue
        if binding.key in found:
            raise _refuse(path, f"sets {binding.key} a second time", line)
        found[binding.key] = binding.value
    secret = next((name for name, value in found.items() if _is_secret(name, value)), None)
    if secret and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise _refuse(path, f"holds a password ({secret}) and others may read it; run: chmod 600 {path}")
    return found


def _is_secret(name: str, value: str) -> bool:
    return "@" in value.partition("://")[2] or (name.endswith("_PASSWORD") and value != "")


def _text(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise _refuse(path, f"cannot be opened: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refuse(path, "is not a file")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _refuse(path, f"is longer than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse(path, f"is not UTF-8 at byte {error.start}") from error


def _refuse(path: Path, reason: str, line: int | None = None) -> InvalidParameter:
    where = f"The settings file {str(path)!r}" + (f", line {line}," if line else "")
    detail = f"{where} {reason}"
    return InvalidParameter(detail, errors=[Place(detail, field=SETTINGS_FILE, file=str(path), line=line)])
