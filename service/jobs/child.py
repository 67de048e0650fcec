"""Run one piece of work in a child process group of its own, within limits, and hear what it says.

The child (`service.jobs.child_main`) gets its request on stdin, in memory and never on the command line or
on disk, and answers with JSON lines on a pipe. It is not trusted: what it says is bounded in length, and
whatever it does, the group and its orphans are gone when `run_child` returns.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from estimator.errors import ModelCrashed, NifError
from service.jobs.problems import died, memory_limit, problem_of, time_limit
from service.jobs.processes import adopting_orphans, descendants, kill_group, kill_strays
from service.memory import resident

LONGEST_LINE = 1 << 20
TAIL = 4000  # characters of the child's own output that are kept for the log
CHECK_SECONDS = 0.25
PROGRAM = (sys.executable, "-P", "-m", "service.jobs.child_main")
ANSWERS = ("result", "problem", "unavailable")


class Stopped(Exception):
    """`should_stop` said so; the child is gone."""


@dataclass(frozen=True)
class ChildLimits:
    """seconds: of wall time. memory: bytes resident, of the child and all below it."""

    seconds: float
    memory: int


@dataclass
class _Talk:
    """What the child has said so far."""

    on_progress: Callable[[str, int, int], None]
    line: bytes = b""
    answer: dict[str, Any] | None = None
    tail: bytes = b""
    family: list[int] = field(default_factory=list)
    used: int = 0

    def hear(self, block: bytes) -> None:
        *lines, self.line = (self.line + block).split(b"\n")
        for line in lines:
            self._message(line)
        if len(self.line) > LONGEST_LINE:
            raise ModelCrashed("The process of the job sent a message without end")

    def _message(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError as error:
            raise ModelCrashed("The process of the job sent a message that cannot be read") from error
        if not isinstance(message, dict):
            return
        if any(isinstance(message.get(name), dict) for name in ANSWERS):
            self.answer = message
        elif isinstance(message.get("phase"), str):
            done, total = message.get("done"), message.get("total")
            if isinstance(done, int) and isinstance(total, int):
                self.on_progress(message["phase"], done, total)


def run_child(
    work: str,
    request: Mapping[str, Any],
    limits: ChildLimits,
    on_progress: Callable[[str, int, int], None],
    should_stop: Callable[[], bool],
    on_output: Callable[[str], None] | None = None,
    program: Sequence[str] = PROGRAM,
) -> dict[str, Any]:
    """The child's answer: {"result": {...}}, {"problem": {...}} or {"unavailable": {...}}.

    A child that dies, runs too long or takes too much memory gives a problem, too; "killed" is beside it if
    another killed the child, which may be worth another try. Raises Stopped when
    `should_stop`, asked a few times a second, returns true. on_output: gets the end of what it printed.
    """
    with adopting_orphans():
        return _run(work, request, limits, on_progress, should_stop, on_output, program)


def _run(
    work: str,
    request: Mapping[str, Any],
    limits: ChildLimits,
    on_progress: Callable[[str, int, int], None],
    should_stop: Callable[[], bool],
    on_output: Callable[[str], None] | None,
    program: Sequence[str],
) -> dict[str, Any]:
    spare = set(descendants(os.getpid(), zombies=True))
    hear, say = os.pipe()
    try:
        with _request_file(request) as stdin:
            process = subprocess.Popen(
                [*program, work, str(say), str(os.getpid())],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(say,),
                start_new_session=True,
                env=child_environment(request.get("folder")),
            )
    except BaseException:
        os.close(hear)
        raise
    finally:
        os.close(say)
    talk, printed = _Talk(on_progress), cast(IO[bytes], process.stdout)
    try:
        _listen(process, printed, hear, talk, limits, should_stop)
        if talk.answer is not None and process.returncode == 0:
            return talk.answer
        killed = {"killed": True} if process.returncode == -signal.SIGKILL else {}
        return {"problem": problem_of(died(process.returncode, talk.used))} | killed
    except NifError as error:
        return {"problem": problem_of(error)}
    finally:
        kill_group(process.pid, talk.family)
        process.wait()
        kill_strays(spare)
        os.close(hear)
        printed.close()
        if on_output is not None and talk.tail:
            on_output(talk.tail.decode(errors="replace"))


def child_environment(folder: str | None = None) -> dict[str, str]:
    """The environment without our settings, which may hold passwords; and without anyone's telemetry.

    folder: the job's own, where temporary files are kept as well: a child that is killed removes nothing, and
    what it leaves holds the model and the data.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NIF_")}
    own = {} if folder is None else {"TMPDIR": str(Path(folder).absolute())}
    return kept | own | {"ORT_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"}


def _request_file(request: Mapping[str, Any]) -> IO[bytes]:
    file = os.fdopen(os.memfd_create("request"), "w+b")
    file.write(json.dumps(request).encode())
    file.seek(0)
    return file


def _listen(
    process: "subprocess.Popen[bytes]",
    printed: IO[bytes],
    pipe: int,
    talk: _Talk,
    limits: ChildLimits,
    should_stop: Callable[[], bool],
) -> None:
    """Until the process has ended and all it said is heard. Raises what ends it earlier."""
    deadline = time.monotonic() + limits.seconds
    next_check = 0.0
    with selectors.DefaultSelector() as selector:
        for descriptor in (pipe, printed.fileno()):
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None
            silent = True
            for key, _ in selector.select(0 if ended else CHECK_SECONDS / 2):
                block = os.read(key.fd, 1 << 16)
                silent = silent and not block
                if not block:
                    selector.unregister(key.fd)
                elif key.fd == pipe:
                    talk.hear(block)
                else:
                    talk.tail = (talk.tail + block)[-TAIL:]
            if ended and silent:
                return
            if not ended and not selector.get_map():
                time.sleep(CHECK_SECONDS / 2)
            if time.monotonic() >= deadline:
                raise time_limit(limits.seconds)
            if time.monotonic() >= next_check:
                next_check = time.monotonic() + CHECK_SECONDS
                _check(process.pid, talk, limits)
                if should_stop():
                    raise Stopped


def _check(pid: int, talk: _Talk, limits: ChildLimits) -> None:
    talk.family = descendants(pid)
    talk.used = resident(talk.family) or talk.used  # a process that just died holds nothing
    if talk.used > limits.memory:
        raise memory_limit(talk.used, limits.memory)
