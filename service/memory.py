"""How much memory there is: of the machine or of the container, whichever is lower; and who uses how much."""

import os
from pathlib import Path

MIB = 2**20
PAGE = os.sysconf("SC_PAGE_SIZE")


def machine_memory() -> int:
    """Bytes of memory that processes here may use in all."""
    physical = os.sysconf("SC_PHYS_PAGES") * PAGE
    return min([physical, *_cgroup_limits()])


def _cgroup_limits() -> list[int]:
    """Limits of this process's cgroup and of those above it (version 2), or of version 1's controller."""
    root = Path("/sys/fs/cgroup")
    files = [root / "memory.max", root / "memory/memory.limit_in_bytes"]
    try:
        own = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        own = []
    for line in own:
        path = line.partition("::")[2].lstrip("/")
        if line.startswith("0::") and path:
            files += [
                parent / "memory.max"
                for parent in [root / path, *(root / path).parents]
                if root in parent.parents
            ]
    limits = []
    for file in files:
        try:
            text = file.read_text().strip()
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
