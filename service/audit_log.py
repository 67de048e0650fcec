"""Who did what to what, when: lines of JSON, only ever appended, each with the hash of the one before.

A line changed, removed or moved breaks the chain at its place (`audit_chain.py`). Lines hold ids, never a
key, a data cell or a body.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.audit_chain import FIRST, check, line_hash
from service.catalog.database import now

TAIL_BYTES = 1 << 16  # longer than any line


class AuditLog:
    """The file `audit.jsonl`; safe for many threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, **entry: Any) -> int:
        """Add a line, durable on return; its number. OSError if the disk refuses it: no half line stays."""
        with self._locked() as descriptor:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            last = _last(descriptor, end)
            line = {"sequence": last["sequence"] + 1, "time": now(), **entry, "previous": last["hash"]}
            text = json.dumps(line | {"hash": line_hash(line)}) + "\n"
            try:
                _write_whole(descriptor, text.encode())
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        number: int = line["sequence"]
        return number

    def entries(self) -> Iterator[dict[str, Any]]:
        """All lines, from the first."""
        if self.path.exists():
            with self.path.open(encoding="utf-8") as file:
                for line in file:
                    yield json.loads(line)

    def verify(self) -> int | None:
        """The line at which the chain is broken, None if it is whole."""
        faults = check(self.path).faults if self.path.exists() else ()
        return faults[0].line if faults else None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def _last(descriptor: int, end: int) -> dict[str, Any]:
    """The last whole line; a half line that a crash left is cut off."""
    start = max(0, end - TAIL_BYTES)
    tail = os.pread(descriptor, end - start, start)
    whole = tail[: tail.rfind(b"\n") + 1]
    os.ftruncate(descriptor, start + len(whole))
    os.lseek(descriptor, 0, os.SEEK_END)
    lines = whole.splitlines()
    return json.loads(lines[-1]) if lines else {"sequence": 0, "hash": FIRST}


def _write_whole(descriptor: int, data: bytes) -> None:
    """A disk that is nearly full takes a part and says so by the count alone; the next write raises."""
    while data:
        data = data[os.write(descriptor, data) :]
