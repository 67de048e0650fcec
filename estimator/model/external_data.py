"""Weights that an exporter kept in a file beside the model, written into the model.

A location is a name in a model that someone uploaded: it is looked up among the files that were given with
the model, by its exact text, and never opened as a path.

1. The model's bytes are screened as any model's are, and parsed.
2. Every external tensor is held against its file: a plain name, an offset and a length that are there, the
   bytes that its dims claim. The sum is held against the limit before anything is read.
3. The bytes are read into the tensors. The same model and files give the same bytes.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from estimator.errors import InvalidModel, Place
from estimator.model.contents import all_tensors
from estimator.model.limits import ModelLimits
from estimator.model.places import LONGEST_SHOWN, beyond, invalid_tensor, shown
from estimator.model.screen import parse_screened
from estimator.model.tensors import bits_of

_KEYS = ("location", "offset", "length")
_DIGITS = re.compile(r"[0-9]{1,18}")
_NO_NAME = re.compile(r"[/\\\x00-\x1f\x7f]")


@dataclass(frozen=True)
class _Outside:
    """Where the bytes of a tensor are: `length` of them, from `offset` on, in the file `location`."""

    name: str
    tensor: onnx.TensorProto
    location: str
    offset: int
    length: int


def external_files(model: bytes, limits: ModelLimits) -> tuple[str, ...]:
    """The names of the files that hold weights of the model, as the model has them; none for a whole model.

    Raises InvalidModel for a name that is no plain file name, and as `estimator.model.screen`.
    """
    found = (entry.location for entry in _outside(parse_screened(model, limits)))
    return tuple(dict.fromkeys(found))


def with_data_inside(model: bytes, files: Mapping[str, Path], limits: ModelLimits) -> bytes:
    """The model in one piece. files: those that came with it, by name.

    Raises InvalidModel, naming the tensor or the file; LimitExceeded where the whole is larger than a model
    may be.
    """
    proto = parse_screened(model, limits)
    outside = _outside(proto)
    sizes = {name: path.stat().st_size for name, path in files.items()}
    for entry in outside:
        _check_there(entry, sizes)
    used = {entry.location for entry in outside}
    for name in files:
        if name not in used:
            known = f"; it names {', '.join(map(shown, sorted(used)[:5]))}" if used else ""
            detail = f"no tensor of the model keeps its numbers in the file {shown(name)}{known}"
            raise InvalidModel(detail, errors=[Place(detail, field=name[:LONGEST_SHOWN])])
    total = len(model) + sum(entry.length for entry in outside)
    if total > limits.bytes:
        raise beyond("bytes", "size in bytes of the model with its external data", total, limits.bytes)
    for entry in outside:
        with files[entry.location].open("rb") as file:
            file.seek(entry.offset)
            entry.tensor.raw_data = file.read(entry.length)
        if len(entry.tensor.raw_data) != entry.length:
            raise invalid_tensor(entry.name, f"the file {shown(entry.location)} was changed meanwhile")
        entry.tensor.ClearField("data_location")
        entry.tensor.ClearField("external_data")
    whole: bytes = proto.SerializeToString(deterministic=True)
    return whole


def plain_name(name: str) -> bool:
    """Whether this is the name of a file and nothing more: no folder, no `.`, no control character."""
    return bool(name) and name not in (".", "..") and len(name) <= 255 and not _NO_NAME.search(name)


def _outside(proto: onnx.ModelProto) -> list[_Outside]:
    return [
        _read(name, tensor)
        for name, tensor in all_tensors(proto)
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data
    ]


def _read(name: str, tensor: onnx.TensorProto) -> _Outside:
    given: dict[str, str] = {}
    for entry in tensor.external_data:
        if entry.key not in _KEYS or entry.key in given:
            what = "twice" if entry.key in given else f"; known are {', '.join(_KEYS)}"
            raise _refused(name, f"it has the key {shown(entry.key)} {what}")
        given[entry.key] = entry.value
    if tensor.data_location != onnx.TensorProto.EXTERNAL or tensor.raw_data:
        raise _refused(name, "it has numbers inside the file as well")
    if "location" not in given:
        raise _refused(name, "it names no file (location)")
    if not plain_name(given["location"]):
        raise _refused(
            name,
            f"its location {shown(given['location'])} is no plain file name; export the model with its data "
            "file in the same folder",
        )
    for key in ("offset", "length"):
        if key in given and not _DIGITS.fullmatch(given[key]):
            raise _refused(name, f"its {key} {shown(given[key])} is no number of bytes")
    bits, dims = bits_of(tensor.data_type), list(tensor.dims)
    if bits is None or any(d < 0 for d in dims):
        raise _refused(name, f"its type {tensor.data_type} or its dims {dims[:8]} are not of numbers")
    length = -(-math.prod(dims) * bits // 8)
    if int(given.get("length", length)) != length:
        raise _refused(name, f"its dims claim {length:,} bytes, its length is {int(given['length']):,}")
    return _Outside(name, tensor, given["location"], int(given.get("offset", 0)), length)


def _check_there(entry: _Outside, sizes: Mapping[str, int]) -> None:
    if entry.location not in sizes:
        given = ", ".join(map(shown, sorted(sizes)[:5])) or "none"
        raise _refused(entry.name, f"its file {shown(entry.location)} is not there; given are: {given}")
    if entry.offset + entry.length > sizes[entry.location]:
        raise _refused(
            entry.name,
            f"it claims {entry.length:,} bytes from byte {entry.offset:,} on of {shown(entry.location)}, "
            f"which has {sizes[entry.location]:,}",
        )


def _refused(name: str, reason: str) -> InvalidModel:
    return invalid_tensor(name, f"external data: {reason}")
