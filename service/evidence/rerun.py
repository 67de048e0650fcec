"""Whether an analysis that was run again gave the same numbers, and if not, where, by how much and why."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# How it was computed, not what: named as reasons, never counted as a difference of a number.
_REASONS = ("versions", "device")


@dataclass
class Deviation:
    """One field of the network: how many of its values differ, and the largest difference."""

    differ: int = 0
    largest: float = 0.0
    first: str = ""


@dataclass(frozen=True)
class Rerun:
    """fields: {name of the field: how it deviates}, empty if every number is equal to the last bit.

    other: places where something else than a number differs. reasons: versions and devices that differ,
    (what, in the bundle, now). verdicts: (in the bundle, now), rule by rule where they differ.
    """

    fields: Mapping[str, Deviation] = field(default_factory=dict)
    other: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str, str], ...] = ()
    verdicts: tuple[tuple[str, str, str], ...] = ()

    @property
    def same(self) -> bool:
        return not self.fields and not self.other and not self.verdicts


def compare_runs(
    signed: Mapping[str, Any], now: Mapping[str, Any], audit: Mapping[str, Any], judged: Mapping[str, Any]
) -> Rerun:
    """signed, now: network.json of the bundle and of the rerun; audit, judged: the audits' documents."""
    fields: dict[str, Deviation] = {}
    other: list[str] = []
    for place, name, old, new in _differences(signed, now, "", ""):
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (old, new))
        if not numbers:
            other.append(place)
            continue
        found = fields.setdefault(name, Deviation(first=place))
        found.differ += 1
        by = abs(float(new) - float(old))
        found.largest = max(found.largest, by if math.isfinite(by) else math.inf)
    records = signed["graph"]["provenance"], now["graph"]["provenance"]
    was, is_now = ({rule["id"]: rule["verdict"] for rule in d["rules"]} for d in (audit, judged))
    return Rerun(
        fields,
        tuple(other),
        tuple(_reasons(*records)),
        tuple(
            (id, was.get(id, "absent"), is_now.get(id, "absent"))
            for id in dict.fromkeys([*was, *is_now])
            if was.get(id) != is_now.get(id)
        ),
    )


def _reasons(signed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    versions = signed.get("versions", {}), now.get("versions", {})
    for name in sorted({*versions[0], *versions[1]}):
        was, new = (v.get(name, "absent") for v in versions)
        if was != new:
            yield name, str(was), str(new)
    if signed.get("device") != now.get("device"):
        yield "device", str(signed.get("device")), str(now.get("device"))


def _differences(old: Any, new: Any, place: str, name: str) -> Iterator[tuple[str, str, Any, Any]]:
    """(place, name of the innermost field, value then, value now) of every leaf that differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            if place.endswith("provenance") and key in _REASONS:
                continue
            where = f"{place}.{key}" if place else str(key)
            if key not in old or key not in new:
                yield where, key, None, None
            else:
                yield from _differences(old[key], new[key], where, str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _differences(a, b, f"{place}[{position}]", name)
    elif old != new or type(old) is not type(new):
        yield place, name, old, new
