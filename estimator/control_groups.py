"""The control groups of this process: a container's, a unit's of systemd, and all that they are in.

Each may limit the memory; the lowest limit holds, and it may be far below what the machine has.
"""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def memory_files(root: Path = ROOT, own: Path = OWN) -> Iterator[tuple[Path, Path]]:
    """For each group, version 2 or 1: the file with its limit in bytes, and the file with its use.

    Not all of them need exist: a container sees only its own group, in the root's place.
    """
    first = root / "memory"
    yield root / "memory.max", root / "memory.current"
    yield first / "memory.limit_in_bytes", first / "memory.usage_in_bytes"
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        names = path.strip("/").split("/") if path.strip("/") else []
        for depth in range(len(names), 0, -1):
            below = Path(*names[:depth])
            if not controllers:
                yield root / below / "memory.max", root / below / "memory.current"
            elif "memory" in controllers.split(","):
                yield (
                    first / below / "memory.limit_in_bytes",
                    first / below / "memory.usage_in_bytes",
                )
