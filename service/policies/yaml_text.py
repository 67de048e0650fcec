"""YAML into plain values with the place of each, so that a wrong one is named by line and column.

YAML 1.2 with less room for surprise: one document; no tags, anchors, aliases or second key of one name; and
no plain scalar that YAML 1.1 reads as something else than 1.2 does (no, 010, 12:30, 1_000): it must be quoted
or written otherwise. Only the parser's events are read, so that nothing is ever constructed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from estimator.errors import InvalidParameter, LimitExceeded, Place
from service.policies.yaml_scalars import Unclear, plain_scalar
from service.report.text import shown

MOST_BYTES = 1 << 20
MOST_EVENTS = 50_000
DEEPEST = 8
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """Counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True)
class Marked:
    """value: None, bool, int, float, str, lists and dicts of these. marks: where each value begins.

    keys: where the key of each member of a mapping begins.
    """

    value: Any
    marks: dict[Path, Mark]
    keys: dict[Path, Mark]


def read_yaml(data: bytes, name: str) -> Marked:
    """The one document of a file. name: the file's, for messages.

    Raises InvalidParameter with line and column, LimitExceeded above 1 MiB.
    """
    if len(data) > MOST_BYTES:
        detail = f"{shown(name)} has {len(data):,} bytes; a policy has at most {MOST_BYTES:,}"
        raise LimitExceeded(detail, errors=[Place(detail, file=name)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"{shown(name)} is not UTF-8: byte {error.start} is {data[error.start]:#04x}"
        raise InvalidParameter(detail, errors=[Place(detail, file=name, byte=error.start)]) from error
    return _Reader(name).read(text)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._marks: dict[Path, Mark] = {}
        self._keys: dict[Path, Mark] = {}

    def read(self, text: str) -> Marked:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError
        from ruamel.yaml.reader import ReaderError

        try:
            events = self._checked(YAML(typ="safe", pure=True).parse(text))
            value = self._document(events)
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self.refuse(
                f"has a character {error.character!r} that YAML does not allow", Mark(line, 1)
            ) from error
        except MarkedYAMLError as error:
            found = error.problem_mark or error.context_mark
            mark = None if found is None else Mark(found.line + 1, found.column + 1)
            raise self.refuse(f"is no YAML: {error.problem or error.context}", mark) from error
        except (YAMLError, UnicodeError, ValueError, OverflowError, RecursionError) as error:
            raise self.refuse(f"is no YAML: {type(error).__name__}: {error}", None) from error
        return Marked(value, self._marks, self._keys)

    def refuse(self, why: str, mark: Mark | None) -> InvalidParameter:
        where = "" if mark is None else f" {mark}:"
        detail = (
            f"{shown(self._name)},{where} {shown(why, 300)}"
            if mark
            else f"{shown(self._name)} {shown(why, 300)}"
        )
        return InvalidParameter(
            detail, errors=[Place(detail, file=self._name, line=None if mark is None else mark.line)]
        )

    def _checked(self, events: Iterator[Any]) -> Iterator[Any]:
        """The events, none of them of a feature that a policy has no use for."""
        for count, event in enumerate(events):
            mark = _mark(event)
            if count > MOST_EVENTS:
                raise self.refuse(f"has more than {MOST_EVENTS:,} values and brackets", mark)
            if type(event).__name__ == "AliasEvent" or getattr(event, "anchor", None) is not None:
                raise self.refuse(
                    "has an anchor or alias (& or *); write the value out where it is needed", mark
                )
            if getattr(event, "tag", None) is not None:
                raise self.refuse(f"has a tag ({event.tag}); a policy has none", mark)
            if getattr(event, "version", None) not in (None, (1, 2)) or getattr(event, "tags", None):
                raise self.refuse("has a directive; a policy is YAML 1.2 and needs none", mark)
            yield event

    def _document(self, events: Iterator[Any]) -> Any:
        found, documents = None, 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise self.refuse("holds a second document; a policy is one", _mark(event))
            elif kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                found = self._value(event, events, ())
        return found

    def _value(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        mark = _mark(event)
        self._marks[path] = mark
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return self._scalar(event, mark)
        if len(path) >= DEEPEST:
            raise self.refuse(f"is nested more than {DEEPEST} deep", mark)
        return self._list(events, path) if kind == "SequenceStartEvent" else self._mapping(events, path)

    def _list(self, events: Iterator[Any], path: Path) -> list[Any]:
        found: list[Any] = []
        while type(event := next(events)).__name__ != "SequenceEndEvent":
            found.append(self._value(event, events, (*path, len(found))))
        return found

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while type(event := next(events)).__name__ != "MappingEndEvent":
            mark = _mark(event)
            key = self._scalar(event, mark) if type(event).__name__ == "ScalarEvent" else None
            if not isinstance(key, str):
                raise self.refuse("has a key that is no text", mark)
            if key in found:
                first = self._keys[(*path, key)]
                raise self.refuse(f"has the key {shown(key)} twice; it is in line {first.line} already", mark)
            self._keys[(*path, key)] = mark
            found[key] = self._value(next(events), events, (*path, key))
        return found

    def _scalar(self, event: Any, mark: Mark) -> Any:
        text: str = event.value
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise self.refuse("has a lone surrogate, which is no character", mark)
        if not event.implicit[0]:  # quoted, or a block
            return text
        try:
            return plain_scalar(text)
        except Unclear as unclear:
            raise self.refuse(f"has {shown(text)!r}, {unclear}", mark) from None


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
