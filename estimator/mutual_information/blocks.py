"""Blocks of pairs: how big they may be, and how they are worked through.

A block is a pure function of the prepared columns and its place; what it returns does not depend on it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isqrt
from pathlib import Path
from typing import Any

from estimator.control_groups import memory_files
from estimator.errors import MemoryLimit

# Beyond this a block gains no speed, and a cancellation would wait for it: some seconds' work.
LARGEST_BLOCK_PAIRS = {"cpu": 128 * 128, "cuda": 1024 * 1024}
LARGEST_BLOCK_BYTES = {"cpu": 512 * 2**20, "cuda": 32 * 2**30}


@dataclass(frozen=True)
class Block:
    """The pairs rows x columns."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    @property
    def pairs(self) -> int:
        return self.shape[0] * self.shape[1]

    def halved(self) -> "list[Block]":
        """Two blocks of half the pairs; of a single pair itself."""
        high, wide = self.shape
        if high >= wide and high > 1:
            return [Block(part, self.columns) for part in _parts(self.rows, ceil(high / 2))]
        return [Block(self.rows, part) for part in _parts(self.columns, ceil(wide / 2))]


def _parts(whole: slice, step: int) -> list[slice]:
    starts = [*range(whole.start, whole.stop, step), whole.stop]
    return [slice(a, b) for a, b in pairwise(starts)]


def rectangle(p: int, q: int, most: int) -> list[Block]:
    """All pairs p x q in blocks of at most `most` pairs, as square as may be."""
    high = min(p, max(1, isqrt(most)))
    wide = min(q, max(1, most // high))
    high = min(p, max(1, most // wide))
    return [Block(r, c) for r in _parts(slice(0, p), high) for c in _parts(slice(0, q), wide)]


def triangle(p: int, most: int, *, halves: bool) -> list[Block]:
    """Blocks that hold every pair i < j of p columns; those on the diagonal hold them twice.

    halves: a block on the diagonal costs half of another. Where it does not, at least six blocks a side if
    there are columns enough, so that little is done twice.
    """
    side = max(1, isqrt(most) if halves else min(isqrt(most), max(4, ceil(p / 6))))
    parts = _parts(slice(0, p), side)
    return [Block(a, b) for i, a in enumerate(parts) for b in parts[i:] if b.stop - a.start > 1]


def most_pairs(pair_bytes: int, largest: int, device: str) -> int:
    """How many pairs of that many bytes fit in a block on the device: half of what is free, at least 1."""
    room = min(LARGEST_BLOCK_BYTES[device], free_bytes(device) // 2)
    return max(1, min(largest, room // max(1, pair_bytes)))


def work(blocks: list[Block], estimate: Callable[[Block], Any]) -> Iterator[tuple[Block, Any]]:
    """Each block with its estimate; when memory runs out, what is left is done in blocks of half the size.

    Raises MemoryLimit when even a single pair does not fit.
    """
    pending = deque(blocks)
    while pending:
        block = pending.popleft()
        try:
            estimated = estimate(block)
        except (MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
            if block.pairs == 1:
                detail = f"one pair of columns does not fit in memory ({error}); use fewer rows"
                raise MemoryLimit(detail) from error
            pending = deque(half for whole in (block, *pending) for half in whole.halved())
            continue
        yield block, estimated


def _out_of_memory(error: Exception) -> bool:
    """torch raises OutOfMemoryError on a GPU and a plain RuntimeError by its CPU allocator."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text


def free_bytes(device: str) -> int:
    """Free memory of the device; of the host, no more than its container still allows."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    return min(_available(), *_container_rooms())


def _available() -> int:
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():  # not Linux: say what is surely there
        return 2 * 2**30
    fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    return int(fields["MemAvailable"].split()[0]) * 1024


def _container_rooms() -> list[int]:
    """What the control groups that this process is in have left; none where they set no limit."""
    rooms = [2**62]
    for limit, used in memory_files():
        try:
            rooms.append(max(0, int(limit.read_text()) - int(used.read_text())))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return rooms
