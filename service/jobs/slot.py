"""A worker's place on its host: the lowest number that no living worker holds.

The number makes the worker's name in the queue. A worker that is started again gets its old name back,
and with it the jobs that it left; a second worker, or one beside an old worker that is still stopping,
gets another name. The lock goes with the process, however it ends.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

MOST = 256


@dataclass(frozen=True)
class Slot:
    """number: from 0. descriptor: of the locked file; closing it gives the slot up."""

    number: int
    descriptor: int


def take_slot(folder: Path) -> Slot:
    """The lowest free slot of this host. RuntimeError if all are taken."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(MOST):
        descriptor = os.open(folder / f"worker-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return Slot(number, descriptor)
        except BlockingIOError:
            os.close(descriptor)
    raise RuntimeError(f"{MOST} workers run on this host already")
