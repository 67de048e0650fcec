"""The protobuf bytes of a model, walked field by field before a parser sees them.

A protobuf parser takes bytes that no exporter writes: it merges two files glued together into one model,
skips what it doesn't know, and hands out names that are no text. Here the bytes are held against ONNX's own
message descriptions: every field known and of its type, every single field there once, every length inside
what encloses it, every name valid UTF-8, nesting and counts within limits.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import onnx

from estimator.errors import InvalidModel, Place
from estimator.model.limits import ModelLimits
from estimator.model.places import beyond

# Text that people write, not names: no limit of length but the file's.
_FREE_TEXT = {"doc_string", "StringStringEntryProto.value"}
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class _Field:
    name: str
    wire: int
    single: bool
    packable: bool
    message: str | None
    text: bool
    free_text: bool


@cache
def _messages() -> dict[str, dict[int, _Field]]:
    """Fields by number of every message that a ModelProto can hold."""
    found: dict[str, dict[int, _Field]] = {}
    waiting = [onnx.ModelProto.DESCRIPTOR]
    while waiting:
        message = waiting.pop()
        if message.full_name in found:
            continue
        found[message.full_name] = {f.number: _field(message, f) for f in message.fields}
        waiting += [f.message_type for f in message.fields if f.message_type is not None]
    return found


def _field(message: Any, field: Any) -> _Field:
    kind = field.type
    if kind in (field.TYPE_STRING, field.TYPE_BYTES, field.TYPE_MESSAGE):
        wire = _LENGTH
    elif kind in (field.TYPE_DOUBLE, field.TYPE_FIXED64, field.TYPE_SFIXED64):
        wire = _FIXED64
    elif kind in (field.TYPE_FLOAT, field.TYPE_FIXED32, field.TYPE_SFIXED32):
        wire = _FIXED32
    else:
        wire = _VARINT
    return _Field(
        name=field.name,
        wire=wire,
        single=not field.is_repeated,
        packable=field.is_repeated and wire != _LENGTH,
        message=field.message_type.full_name if field.message_type is not None else None,
        text=kind == field.TYPE_STRING,
        free_text=field.name in _FREE_TEXT or f"{message.name}.{field.name}" in _FREE_TEXT,
    )


def check_bytes(data: bytes, limits: ModelLimits) -> None:
    """Walk the whole file; time is linear in its fields, which are limited.

    Raises: InvalidModel naming field and byte; LimitExceeded.
    """
    messages = _messages()
    model = onnx.ModelProto.DESCRIPTOR.full_name
    node, fields, nodes, at = onnx.NodeProto.DESCRIPTOR.full_name, 0, 0, 0
    # Frames of enclosing messages: (fields by number, where the message ends, single fields seen, its name).
    table, end, seen, path = messages[model], len(data), set[int](), "model"
    frames: list[tuple[dict[int, _Field], int, set[int], str]] = []
    while True:
        while at == end:
            if not frames:
                return
            table, end, seen, path = frames.pop()
        start = at
        key, at = _varint(data, at, end, path)
        field = table.get(key >> 3)
        if field is None or (key & 7 != field.wire and not (field.packable and key & 7 == _LENGTH)):
            raise _unknown(data, start, path, whole=not frames and 7 in seen)
        fields += 1
        if fields > limits.fields:
            raise beyond("fields", "protobuf fields of the model", fields, limits.fields)
        if field.single:
            if key >> 3 in seen:
                raise _wrong(
                    f"{path}.{field.name} is there twice, the second time at byte {start}; "
                    "are these two models one after the other?",
                    start,
                )
            seen.add(key >> 3)
        if key & 7 == _VARINT:
            _, at = _varint(data, at, end, path)
            continue
        if key & 7 == _LENGTH:
            size, at = _varint(data, at, end, path)
        else:
            size = 8 if key & 7 == _FIXED64 else 4
        if size > end - at:
            raise _wrong(
                f"the file is cut off or corrupt at byte {start}: {path}.{field.name} claims {size:,} bytes, "
                f"{end - at:,} are there",
                start,
            )
        if field.message is not None:
            if len(frames) + 2 > limits.depth:
                raise beyond("depth", "nesting of the model's messages", len(frames) + 2, limits.depth)
            if field.message == node:
                nodes += 1
                if nodes > limits.nodes:
                    raise beyond("nodes", "nodes of the model", nodes, limits.nodes)
            frames.append((table, end, seen, path))
            table, end, seen, path = messages[field.message], at + size, set(), field.name
            continue
        if field.text:
            _check_text(data, at, size, f"{path}.{field.name}", field.free_text, limits)
        at += size


def _varint(data: bytes, at: int, end: int, path: str) -> tuple[int, int]:
    value = shift = 0
    start = at
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    if shift >= 70:
        raise _wrong(f"byte {start}, in {path}, is no protobuf number; the file is not an ONNX model", start)
    raise _wrong(f"the file is cut off at byte {end}, in {path}", end)


def _check_text(data: bytes, at: int, size: int, path: str, free: bool, limits: ModelLimits) -> None:
    if size > limits.name_length and not free:
        raise beyond("name_length", f"length in bytes of {path} at byte {at}", size, limits.name_length)
    text = data[at : at + size]
    try:
        text.decode()
    except UnicodeDecodeError as error:
        where = at + error.start
        raise _wrong(f"{path} is not valid UTF-8: byte {where} is 0x{data[where]:02x}", where) from None
    if not free and b"\0" in text:
        where = at + text.index(b"\0")
        raise _wrong(f"{path} holds a NUL character at byte {where}", where)


def _unknown(data: bytes, at: int, path: str, *, whole: bool) -> InvalidModel:
    if whole:
        return _wrong(f"{len(data) - at:,} bytes after the end of the model, from byte {at}", at)
    return _wrong(f"the file is not an ONNX model: byte {at}, in {path}, is no field of ONNX's format", at)


def _wrong(detail: str, byte: int) -> InvalidModel:
    return InvalidModel(detail, errors=[Place(detail, byte=byte)])
