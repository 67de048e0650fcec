"""Receiving a file, as the whole body or as a part of a multipart body, into the staging area."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from flask import request

from estimator.errors import InvalidParameter, Place
from estimator.model.external_data import plain_name
from service.api.blueprint import JSON
from service.api.bodies import body_blocks, media_type, refuse_type
from service.api.context import parts
from service.api.multipart import Part, read_parts
from service.api.strict_json import read_json
from service.blobs import Staged
from service.errors import MalformedRequest, PayloadTooLarge, UnknownField, UnsupportedMediaType

MULTIPART = "multipart/form-data"
BESIDE = "external_data"  # a data file of the model; there may be several
OVERHEAD = 1 << 20  # boundaries and headers of a multipart body, beyond its files
_UNSAFE = re.compile(r"[^!-~]")


@dataclass(frozen=True)
class Received:
    """files: by the name of their part. beside: data files of the model, by the names that they were sent
    under. documents: JSON values."""

    files: dict[str, Staged] = field(default_factory=dict)
    beside: dict[str, Staged] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)

    def discard(self) -> None:
        for file in (*self.files.values(), *self.beside.values()):
            file.discard()


def receive_file(raw: tuple[str, ...], limit: int) -> tuple[str | None, Staged]:
    """The one file of the request, and its media type if it is the whole body and not the part `file`."""
    kind, options = media_type()
    if kind in raw:
        return kind, _some(parts().blobs.stage(body_blocks(limit), limit), "The body")
    if kind != MULTIPART:
        raise refuse_type(kind, (*raw, MULTIPART))
    return None, _receive(options, {"file": limit}, {}).files["file"]


def receive_model(raw: str, limit: int) -> tuple[Staged, dict[str, Staged]]:
    """The model of the request, and the data files that come with it as parts `external_data`."""
    kind, options = media_type()
    if kind == MULTIPART:
        received = _receive(options, {"file": limit}, {}, beside=limit)
        return received.files["file"], received.beside
    return receive_file((raw,), limit)[1], {}


def receive_files(limits: dict[str, int], documents: tuple[str, ...], beside: int) -> Received:
    """The files and JSON documents of a multipart body, in any order. Every file must be there.

    beside: the limit of each of the data files that may come with the model.
    """
    kind, options = media_type()
    if kind != MULTIPART:
        raise refuse_type(kind, (JSON, MULTIPART))
    json_bytes = parts().limits.json_bytes
    return _receive(options, limits, dict.fromkeys(documents, json_bytes), beside)


def _receive(
    options: dict[str, str], files: dict[str, int], documents: dict[str, int], beside: int | None = None
) -> Received:
    """The model and its data files together may have as many bytes as a model."""
    got = Received()
    known = [*files, *documents, *([BESIDE] if beside is not None else [])]
    with _discarding(got):
        most = sum(files.values()) + sum(documents.values()) + OVERHEAD
        for part in read_parts(body_blocks(most), options.get("boundary")):
            _check_part(part, [*got.files, *got.documents], known, documents)
            if part.name in documents:
                got.documents[part.name] = _document(part, documents[part.name])
                continue
            if beside is not None and part.name == BESIDE:
                name = _file_name(part, got.beside)
                got.beside[name] = parts().blobs.stage(part.blocks, beside)
                _some(got.beside[name], f"The part {BESIDE} {name!a}")
                continue
            got.files[part.name] = parts().blobs.stage(part.blocks, files[part.name])
            _some(got.files[part.name], f"The part {part.name}")
        missing = [name for name in files if name not in got.files]
        if missing:
            raise _refuse(missing[0], f"the part {missing[0]} is missing; it holds the file")
    return got


def _file_name(part: Part, before: Mapping[str, Staged]) -> str:
    """The name by which the model knows its data file: compared with it, never a path."""
    name = part.filename or ""
    if not plain_name(name):
        raise _refuse(
            BESIDE, f"the part {BESIDE} has the filename {name[:60]!a}, which is no plain file name"
        )
    if name in before:
        raise _refuse(BESIDE, f"the part {BESIDE} {name!a} is given twice; give each file once")
    return name


def _check_part(part: Part, seen: list[str], known: list[str], documents: Collection[str]) -> None:
    if part.name not in known:
        name = part.name[:60]
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        detail = f"the part {name!r} is not known here; {hint}"
        raise UnknownField(detail, errors=[Place(detail, field=name)])
    if part.name in seen:
        raise _refuse(part.name, f"the part {part.name} is given twice; give it once")
    if part.name not in documents and part.filename is None:
        raise _refuse(part.name, f"the part {part.name} is a plain field; send it as a file, with a filename")
    if part.encoding not in ("binary", "8bit", "7bit"):
        raise UnsupportedMediaType(f"the part {part.name} has a Content-Transfer-Encoding; send it as it is")


def _document(part: Part, limit: int) -> Any:
    data = bytearray()
    for block in part.blocks:
        data += block
        if len(data) > limit:
            raise PayloadTooLarge(f"the part {part.name} is longer than {limit} bytes")
    return read_json(bytes(data), parts().limits.json_depth)


def _some(staged: Staged, what: str) -> Staged:
    if staged.blob.size == 0:
        staged.discard()
        raise MalformedRequest(f"{what} is empty; it holds the file")
    return staged


@contextmanager
def _discarding(received: Received) -> Iterator[None]:
    """On an error, nothing that was received stays behind."""
    try:
        yield
    except BaseException:
        received.discard()
        raise


def idempotency_key() -> str | None:
    """The Idempotency-Key header: visible ASCII, not empty, of bounded length."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    most = parts().limits.idempotency_key_characters
    if not 1 <= len(key) <= most or _UNSAFE.search(key):
        raise MalformedRequest(f"Idempotency-Key must be 1 to {most} visible ASCII characters")
    return key


def _refuse(field: str, detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
