"""Keeping hold of child processes: they die with their parent, and a group is killed whole."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 36, 37


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def die_with_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Get the signal when the parent (its pid) dies, or exit at once if it is dead already."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Be the parent of descendants whose own parent dies, so that none can slip away.

    Only for so long as somebody reaps them: what runs in this process later would be left their zombies.
    """
    before = ctypes.c_int()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        _prctl(_PR_SET_CHILD_SUBREAPER, before.value)


def be_first_to_go() -> None:
    """When memory runs out the kernel kills this process rather than the worker that watches it."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")


def descendants(root: int, *, zombies: bool = False) -> list[int]:
    """The processes below root that live now (or are not reaped yet), root itself included."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(entry, zombies)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    found, new = [root], [root]
    while new:
        new = [child for pid in new for child in children.get(pid, [])]
        found += new
    return found


def _parent(entry: Path, zombies: bool) -> int | None:
    try:
        # The name in parentheses may itself hold blanks and parentheses.
        fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return None if fields[0] == "Z" and not zombies else int(fields[1])
    except (OSError, IndexError, ValueError):
        return None


def kill_group(leader: int, family: list[int]) -> None:
    """SIGKILL for the process group of the leader and for the processes of its family."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    for pid in family:
        if pid != leader:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def kill_strays(spare: set[int], seconds: float = 5.0) -> None:
    """Kill and reap all that is below this process but the spared: orphans that it adopted."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        strays = set(descendants(os.getpid(), zombies=True)) - spare
        if not strays:
            return
        for pid in strays:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)
