"""multipart/form-data, streamed: parts in any order, each once, none of it kept in memory.

Built on Werkzeug's sans-IO decoder, whose error about a missing end Flask's own form parsing swallows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    NEED_DATA,
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    Preamble,
)

from service.errors import MalformedRequest, PayloadTooLarge

MOST_PARTS = 20
PART_HEADER_BYTES = 1 << 18
LONGEST_BOUNDARY = 200


@dataclass(frozen=True)
class Part:
    """One part. filename: None where the client sent a plain field. Read `blocks` to their end."""

    name: str
    filename: str | None
    encoding: str
    blocks: Iterator[bytes]


def read_parts(body: Iterator[bytes], boundary: str | None) -> Iterator[Part]:
    """The parts as they arrive. Raises MalformedRequest for what is not well-formed or cut off."""
    if not boundary or len(boundary) > LONGEST_BOUNDARY:
        raise MalformedRequest("multipart/form-data needs a boundary in its Content-Type")
    events = _events(body, boundary)
    for event in events:
        if isinstance(event, File | Field):
            filename = event.filename if isinstance(event, File) else None
            encoding = event.headers.get("Content-Transfer-Encoding", "binary").lower()
            if not event.name:
                raise MalformedRequest("A part of the multipart body has no name")
            yield Part(event.name, filename, encoding, _data(events))
        elif isinstance(event, Epilogue) and event.data.strip():
            raise MalformedRequest(f"{len(event.data)} bytes follow the end of the multipart body")


def _data(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if not isinstance(event, Data):
            raise MalformedRequest("A part of the multipart body has no end")
        if event.data:
            yield event.data
        if not event.more_data:
            return


def _events(body: Iterator[bytes], boundary: str) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary.encode(), PART_HEADER_BYTES, max_parts=MOST_PARTS)
    try:
        while True:
            event = decoder.next_event()
            if event is NEED_DATA:
                decoder.receive_data(next(body, None))
            elif not isinstance(event, Preamble):
                yield event
                if isinstance(event, Epilogue):
                    return
    except RequestEntityTooLarge as error:
        detail = f"More than {MOST_PARTS} parts, or a part header of more than {PART_HEADER_BYTES} bytes"
        raise PayloadTooLarge(detail) from error
    except (ValueError, AttributeError) as error:
        # AttributeError: Werkzeug's decoder on a part whose header block is not followed by a line end.
        raise MalformedRequest(
            "The multipart body is not well-formed or was cut off; nothing was stored"
        ) from error
