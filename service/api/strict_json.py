"""JSON that can be read in one way only.

Python's parser takes NaN, UTF-16, duplicate keys (the last wins), 1e999 (as infinity) and lone surrogates
without a word, and answers deep nesting with a RecursionError. Each of these is an InvalidJson here.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from estimator.errors import Place
from service.errors import InvalidJson

INTEGER_DIGITS = 30
# A string (closed or not, so that no quote is looked at twice) or a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
# NUL cannot be stored by every database; the others are no characters that text can be exchanged with.
_FORBIDDEN = re.compile("[\x00\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def read_json(data: bytes, depth: int) -> Any:
    """The value, with every number finite and every string proper text. Raises InvalidJson."""
    if data.startswith(b"\xef\xbb\xbf"):
        _refuse("The body begins with a byte order mark; send UTF-8 without one", byte=0)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("The body is not UTF-8", byte=error.start)
    _check_depth(text, depth)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_number,
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        position = len(text[: error.pos].encode())
        _refuse(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}", byte=position
        )
    for path, string in _strings(value, ""):
        found = _FORBIDDEN.search(string)
        if found:
            shown = f"U+{ord(found.group()):04X}"
            _refuse(f"{path or 'The body'} contains {shown}, which is no character of a text", field=path)
    return value


def _check_depth(text: str, allowed: int) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token.group()[0]
        if first in "[{":
            depth += 1
            if depth > allowed:
                byte = len(text[: token.start()].encode())
                _refuse(f"The body is nested more than {allowed} deep", byte=byte)
        elif first in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            _refuse(f"The key {key[:100]!r} is given twice in one object", field=key[:100])
        members[key] = value
    return members


def _constant(text: str) -> NoReturn:
    _refuse(f"{text} is not a JSON number")


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse(f"The number {text[:40]} is too large to be kept")
    return value


def _integer(text: str) -> int:
    if len(text) > INTEGER_DIGITS:
        _refuse(f"The integer {text[:20]}... has {len(text)} digits; at most {INTEGER_DIGITS} are taken")
    return int(text)


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every string in the value, keys included, with its path. The depth is bounded already."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{path}.{index}" if path else str(index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from _strings(item, f"{path}.{key}" if path else key)


def _refuse(detail: str, *, field: str | None = None, byte: int | None = None) -> NoReturn:
    raise InvalidJson(detail, errors=[Place(detail, field=field or None, byte=byte)])
