"""The box "How this was computed": everything that was recorded of the run, known entries first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from estimator.network import FlowNetwork
from service.report.text import shown

LONGEST_VALUE = 200
LARGEST_ITEMS = 60
LABELS = {
    "estimator": "Estimator",
    "parameters": "Its parameters",
    "seed": "Seed",
    "permutations": "Permutations behind each p-value",
    "redundancy": "Redundancy",
    "rows": "Rows",
    "distinct_rows": "Distinct rows",
    "device": "Device",
    "versions": "Versions",
    "model_sha256": "sha256 of the model",
    "data_sha256": "sha256 of the data",
}


@dataclass(frozen=True)
class Entry:
    """One line of the box; `code` for hashes and identifiers, whose every character counts."""

    label: str
    value: str
    code: bool = False


def computed(network: FlowNetwork) -> tuple[Entry, ...]:
    record = {key: value for key, value in network.provenance.items() if key != "warnings"}
    lines = [Entry("Beta", repr(network.beta)), Entry("Alpha", repr(network.alpha))]
    known = [_entry(LABELS[key], key, record.pop(key)) for key in LABELS if key in record]
    others = [entry(key, key, value) for key, value in record.items()]
    return (*known, *lines, *others)


def warnings(network: FlowNetwork) -> tuple[str, ...]:
    return tuple(shown(str(w), 1_000) for w in network.provenance.get("warnings", ()))


def entry(name: str, key: str, value: Any) -> Entry:
    """A line of the box for a recorded value that has no label of its own."""
    return _entry(name.replace("_", " ").capitalize(), key, value)


def _entry(label: str, key: str, value: Any) -> Entry:
    return Entry(shown(label), _plain(value), code=key.endswith("sha256"))


def _plain(value: Any) -> str:
    """A recorded JSON value as a line of text."""
    if isinstance(value, Mapping):
        return _joined((f"{shown(str(k))} {_plain(v)}" for k, v in value.items()), len(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _joined((_plain(v) for v in value), len(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return shown(value if isinstance(value, str) else repr(value), LONGEST_VALUE)


def _joined(parts: Iterator[str], total: int) -> str:
    told = [part for part, _ in zip(parts, range(LARGEST_ITEMS), strict=False)]
    return ", ".join([*told, *([f"and {total - len(told):,} more"] if total > len(told) else [])]) or "none"
