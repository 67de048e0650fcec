"""How much memory there is: of the machine or of the container, whichever is lower; and who uses how much."""

import os
from pathlib import Path

from estimator.control_groups import memory_files

MIB = 2**20
PAGE = os.sysconf("SC_PAGE_SIZE")


def machine_memory() -> int:
    """Bytes of memory that processes here may use in all."""
    physical = os.sysconf("SC_PHYS_PAGES") * PAGE
    return min([physical, *_cgroup_limits()])


def _cgroup_limits() -> list[int]:
    """The limits of the control groups that this process is in."""
    limits = []
    for limit, _ in memory_files():
        try:
            text = limit.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            limits.append(int(text))
    return limits


def resident(pids: list[int]) -> int:
    """Bytes of memory that the processes hold; pages that they share are counted once for each."""
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        except (OSError, IndexError):
            continue
    return total
