"""What a child process may use; published at /v1/limits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from estimator.options import refuse

Isolation = Literal["bubblewrap", "rlimits"]


@dataclass(frozen=True)
class RunLimits:
    """Limits of one child process.

    seconds: wall clock, and CPU time per thread. memory_bytes: address space beyond the mapped files.
    threads: 1 gives the same sums on every machine with the same instruction set.
    isolation: `auto` takes bubblewrap where it works; `bubblewrap` refuses to run without it.
    folder: where the child's private folder is made; the system's temporary folder if None.
    """

    seconds: float = 600.0
    memory_bytes: int = 4 * 2**30
    threads: int = 1
    isolation: Literal["auto", "bubblewrap", "rlimits"] = "auto"
    folder: Path | None = None

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 7 * 24 * 3600:
            raise refuse("seconds", self.seconds, "above 0 and at most a week")
        if self.memory_bytes < 2**28:
            raise refuse("memory_bytes", self.memory_bytes, "at least 256 MiB")
        if self.threads < 1:
            raise refuse("threads", self.threads, "at least 1")
