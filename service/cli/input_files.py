"""Looking at a file before it is read: a directory, a pipe or a device must not stall or fill the program."""

import os
import stat
from pathlib import Path

from estimator.errors import InvalidParameter, LimitExceeded, Place
from service.report.text import shown

KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device or a terminal"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def usable_file(argument: str, name: str, most: int) -> Path:
    """The path, if a regular file of at most `most` bytes is there that can be read. name: MODEL or DATA."""
    path = Path(argument)
    label = f"{name} {shown(argument, 120)}"
    if argument == "-":
        raise _refuse(f"{name} is stdin; give a file", name)
    try:
        found = path.stat()
    except OSError as error:
        raise _refuse(f"{label}: {error.strerror}", name) from error
    for is_kind, words in KINDS:
        if is_kind(found.st_mode):
            raise _refuse(f"{label} is {words}, not a file", name)
    if found.st_size == 0:
        raise _refuse(f"{label} is empty", name)
    if found.st_size > most:
        detail = f"{label} has {found.st_size:,} bytes; the limit is {most:,}"
        raise LimitExceeded(detail, errors=[Place(detail, field=name)])
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        raise _refuse(f"{label} cannot be read: {error.strerror}", name) from error
    return path.absolute()


def _refuse(detail: str, name: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=name)])
