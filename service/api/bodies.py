"""Request bodies as they arrive: bounded, complete, and of the media type that they say.

Werkzeug hands over a chunked body that exceeds the limit cut short, and a body shorter than its
Content-Length or a multipart body without its end as if they were whole. Here each of these is an error.
"""

from collections.abc import Iterator
from typing import Any

from flask import request
from gunicorn.http.errors import ParseException
from werkzeug.http import parse_options_header

from service.api.context import parts
from service.api.strict_json import read_json
from service.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType

BLOCK = 1 << 16


def media_type() -> tuple[str, dict[str, str]]:
    """The body's type in lower case and its parameters; refuses an encoded or otherwise charset body."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType(f"Content-Encoding {encoding[:40]!r} is not taken; send the body as it is")
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    charset = options.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"charset {charset[:40]!r} is not taken; send UTF-8")
    return kind.lower(), options


def refuse_type(kind: str, allowed: tuple[str, ...]) -> UnsupportedMediaType:
    seen = f"Content-Type is {kind[:80]!r}" if kind else "There is no Content-Type"
    return UnsupportedMediaType(f"{seen}; this takes {' or '.join(allowed)}")


def json_body() -> Any:
    """The JSON value of the request's body."""
    kind, _ = media_type()
    if kind != "application/json":
        raise refuse_type(kind, ("application/json",))
    limits = parts().limits
    return read_json(b"".join(body_blocks(limits.json_bytes)), limits.json_depth)


def body_blocks(limit: int) -> Iterator[bytes]:
    """The body, block by block. PayloadTooLarge above `limit`, MalformedRequest if it ends too early."""
    length = request.content_length
    if length is not None and length > limit:
        raise PayloadTooLarge(f"The body has {length} bytes; at most {limit} are taken here, see /v1/limits")
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return
    received = 0
    while length is None or received < length:
        block = _read(BLOCK if length is None else min(BLOCK, length - received))
        if not block:
            break
        received += len(block)
        if received > limit:
            raise PayloadTooLarge(f"The body has more than {limit} bytes, the limit here; see /v1/limits")
        yield block
    if length is not None and received < length:
        raise MalformedRequest(f"The body ended after {received} of {length} bytes; nothing was stored")


def _read(size: int) -> bytes:
    try:
        return bytes(request.environ["wsgi.input"].read(size))
    except (ParseException, OSError) as error:
        # A bad chunk, a body cut off, or a connection that is gone.
        raise MalformedRequest("The body is not well-formed or was cut off; nothing was stored") from error
