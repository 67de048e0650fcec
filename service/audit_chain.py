"""The chain of the audit log: each line holds the hash of the one before, so that a change shows.

1. A line whose hash does not fit its content was changed.
2. A number that is missing was removed; one that stands behind a later one was moved.
3. A line that does not continue the one before it, both being sound, follows one that was replaced.
4. The chain alone cannot show that its end was cut off, or that all of it was computed again after a change.
   An anchor can, which was kept elsewhere: how many lines there were, and the hash of the last.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

FIRST = "0" * 64
LONGEST_LINE = 1 << 16
MOST_FAULTS = 100


@dataclass(frozen=True)
class Fault:
    """line: of the file, from 1."""

    line: int
    detail: str


@dataclass(frozen=True)
class Checked:
    """lines: whole lines that were read. last: the hash of the last, or FIRST. faults: none if it is whole.

    unfinished: a half line stands at the end, as a crash leaves it; the next entry replaces it.
    """

    lines: int
    last: str
    faults: tuple[Fault, ...]
    unfinished: bool


@dataclass(frozen=True)
class Anchor:
    """What was so when it was made. count: lines. hash: of the last of them. time: in UTC."""

    count: int
    hash: str
    time: str


def line_hash(line: dict[str, Any]) -> str:
    """Of a line without its own hash."""
    return hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()


def check(path: Path, anchor: Anchor | None = None) -> Checked:
    """Steps 1 to 4. Raises OSError."""
    faults: list[Fault] = []
    numbers: list[int] = []
    at: list[int] = []  # the line of each number
    previous, sound, count, unfinished = FIRST, True, 0, False
    anchored = FIRST
    for count, text in enumerate(_lines(path), 1):
        if not text.endswith(b"\n"):
            count, unfinished = count - 1, True
            break
        entry = _entry(text)
        if entry is None:
            faults.append(Fault(count, "is not a line of an audit log"))
            previous, sound = "", False
            continue
        before = numbers[-1] if numbers else 0
        numbers.append(entry["sequence"])
        at.append(count)
        fits = entry["hash"] == line_hash({k: v for k, v in entry.items() if k != "hash"})
        if not fits:
            faults.append(Fault(count, f"was changed: its hash does not fit (number {entry['sequence']})"))
        if entry["sequence"] == before + 1 and entry["previous"] != previous and sound and fits:
            faults.append(Fault(count, "does not continue the line before it, which was replaced"))
        previous, sound = entry["hash"], fits
        if anchor is not None and count == anchor.count:
            anchored = previous
    faults += _order(numbers, at)
    if anchor is not None:
        faults += _against(anchor, count, anchored)
    return Checked(count, previous, tuple(sorted(faults, key=lambda f: f.line)[:MOST_FAULTS]), unfinished)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            yield line


def _entry(text: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    number = entry.get("sequence")
    sound = isinstance(number, int) and not isinstance(number, bool)
    return entry if sound and all(isinstance(entry.get(key), str) for key in ("hash", "previous")) else None


def _order(numbers: list[int], at: list[int]) -> Iterator[Fault]:
    """Numbers that are not there, and lines that stand where they should not."""
    present, highest = set(numbers), 0
    for number, line in zip(numbers, at, strict=True):
        if number <= highest:
            yield Fault(line, f"has the number {number} and stands behind number {highest}")
            continue
        gone = [] if number == highest + 1 else list(_gaps(highest, number, present))
        for low, high in gone:
            which = f"number {low} is" if low == high else f"numbers {low} to {high} are"
            yield Fault(line, f"follows a gap: {which} not there")
        if number - highest - 1 > sum(high - low + 1 for low, high in gone):
            yield Fault(line, f"has the number {number} and stands before lower ones")
        highest = number


def _gaps(after: int, before: int, present: set[int]) -> Iterator[tuple[int, int]]:
    """Runs of numbers between the two that are nowhere in the log."""
    edges = [after, *sorted(n for n in present if after < n < before), before]
    for low, high in pairwise(edges):
        if high > low + 1:
            yield low + 1, high - 1


def _against(anchor: Anchor, count: int, anchored: str) -> Iterator[Fault]:
    if count < anchor.count:
        yield Fault(
            count + 1,
            f"is missing: the anchor of {anchor.time} saw {anchor.count:,} lines, there are {count:,}",
        )
    elif anchored != anchor.hash:
        yield Fault(
            anchor.count,
            f"is not the one that the anchor of {anchor.time} saw: it or a line before it was changed and "
            "the chain computed again",
        )
