"""Keeps child processes running: one that dies is started again, later each time it dies at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger("nif.serve")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_SECONDS = 60.0  # after so long a death is a new one


@dataclass
class Kept:
    """One program that is to run. descriptors: open files that it inherits."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = FIRST_PAUSE
    began: float = 0.0
    not_before: float = 0.0

    def start(self) -> None:
        self.began = time.monotonic()
        # In a session of its own: Ctrl-C reaches the supervisor alone, which stops all in order.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "service.with_parent", str(os.getpid()), *self.arguments],
            env=dict(self.environment),
            pass_fds=self.descriptors,
            start_new_session=True,
        )

    def look(self) -> None:
        """Start it, or start it again if it is time to."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            if now - self.began > STEADY_SECONDS:
                self.pause = FIRST_PAUSE
            log.error("died", part=self.name, exit_code=self.process.returncode, again_in=self.pause)
            self.process, self.not_before = None, now + self.pause
            self.pause = min(2 * self.pause, LONGEST_PAUSE)
        if self.process is None and now >= self.not_before:
            self.start()


@dataclass
class Supervisor:
    """Programs kept running until `stop`."""

    kept: list[Kept] = field(default_factory=list)

    def look(self) -> None:
        for program in self.kept:
            program.look()

    def stop(self, seconds: float) -> None:
        """SIGTERM to all; SIGKILL to those that are still there after so many seconds."""
        running = [program.process for program in self.kept if program.process is not None]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("killed after waiting", pid=process.pid)
                process.kill()
                process.wait()
