"""Start a child process, listen to it, and end it: within its limits, and whatever it does.

The child writes JSON objects, one a line, to its standard output. The parent believes none of it: lines
and total are bounded, and what it says is only shown or checked.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from estimator.errors import ModelCrashed, TimeLimit
from estimator.runtime.isolation import child_command, child_environment
from estimator.runtime.limits import RunLimits
from estimator.runtime.outcome import Heard, raise_for

POLL_SECONDS = 0.2
OUTPUT_BYTES = 2**20
STDERR_BYTES = 2**24
STDERR_KEPT = 8192


@dataclass(frozen=True)
class Task:
    """name: a key of `estimator.runtime.child.TASKS`. arguments: plain JSON for it.

    mapped_bytes: files that the child maps, on top of its memory limit. file_bytes: the largest file that
    it may write; a map needs none.
    """

    name: str
    arguments: dict[str, Any]
    mapped_bytes: int = 0
    file_bytes: int = 0


def run_child(
    task: Task, folder: Path, limits: RunLimits, tick: Callable[[dict[str, Any] | None], None]
) -> None:
    """Run the task in a child with `folder` as its private folder, until it ends.

    tick: called with each message, and with None a few times a second; what it raises ends the child.
    Raises what the task raised, TimeLimit, MemoryLimit, ModelCrashed (naming the signal), Unavailable.
    """
    job = {"task": task.name, "arguments": task.arguments, "limits": _for_child(task, limits)}
    (folder / "job.json").write_text(json.dumps(job))
    with _started(folder, limits) as child:
        deadline = time.monotonic() + limits.seconds
        heard = _listen(child, deadline, limits, tick)
        status = child.wait()
    raise_for(status, heard, limits)


def _for_child(task: Task, limits: RunLimits) -> dict[str, Any]:
    return {
        "cpu_seconds": ceil(limits.seconds * limits.threads),
        "address_bytes": limits.memory_bytes + task.mapped_bytes,
        "file_bytes": task.file_bytes,
    }


@contextlib.contextmanager
def _started(folder: Path, limits: RunLimits) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        child_command("estimator.runtime.child", folder, limits),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=child_environment(),
        start_new_session=True,
    )
    try:
        yield child
    finally:
        # Also after a clean end: what the child may have left in its group must go.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()


def _listen(
    child: subprocess.Popen[bytes],
    deadline: float,
    limits: RunLimits,
    tick: Callable[[dict[str, Any] | None], None],
) -> Heard:
    heard, buffer, read, read_stderr = Heard(), b"", 0, 0
    with selectors.DefaultSelector() as selector:
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ)
        while True:
            ended = child.poll() is not None
            ready = _ready(selector, child, 0 if ended else POLL_SECONDS)
            tick(None)
            if time.monotonic() > deadline:
                raise TimeLimit(f"the model ran longer than {limits.seconds:g} seconds, the limit")
            if ended and not ready:
                return heard  # though a process that it left behind may still hold the pipes
            for key in ready:
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    read_stderr += len(chunk)
                    heard.stderr = (heard.stderr + chunk)[-STDERR_KEPT:]
                else:
                    read += len(chunk)
                    *lines, buffer = (buffer + chunk).split(b"\n")
                    for line in lines:
                        _hear(line, heard, tick)
            if read > OUTPUT_BYTES or read_stderr > STDERR_BYTES:
                raise ModelCrashed("the child process wrote more than it may; it was ended")


def _ready(
    selector: selectors.BaseSelector, child: subprocess.Popen[bytes], seconds: float
) -> list[selectors.SelectorKey]:
    """The pipes that have something to read, waiting for them; where both are closed, wait for the end."""
    if selector.get_map():
        return [key for key, _ in selector.select(seconds)]
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(seconds)
    return []


def _hear(line: bytes, heard: Heard, tick: Callable[[dict[str, Any] | None], None]) -> None:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ModelCrashed("the child process wrote what is no message; it was ended")
    if "error" in message:
        heard.error = message
    elif "finished" in message:
        heard.finished = True
    else:
        tick(message)
