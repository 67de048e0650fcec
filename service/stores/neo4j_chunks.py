"""A network as a row of byte chunks, so that it comes back bit for bit and memory stays bounded."""

import json
from collections.abc import Iterable, Iterator

from estimator.network import FlowNetwork
from estimator.network_arrays import array_blocks, array_of, pack, unpack

CHUNK_BYTES = 1 << 20
Chunk = tuple[str, bytes]


def chunks_of(network: FlowNetwork) -> Iterator[Chunk]:
    """(name, bytes), in order; what is larger than a chunk spans several of one name."""
    header, arrays = pack(network)
    text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    for start in range(0, len(text), CHUNK_BYTES):
        yield "header", text[start : start + CHUNK_BYTES]
    for name, values in arrays.items():
        yield from ((name, data) for data in array_blocks(values, CHUNK_BYTES))


def network_of(chunks: Iterable[Chunk]) -> FlowNetwork:
    """The inverse. Raises KeyError or ValueError if a chunk is missing."""
    parts: dict[str, list[bytes]] = {}
    for name, data in chunks:
        parts.setdefault(name, []).append(data)
    whole = {name: b"".join(data) for name, data in parts.items()}
    header = json.loads(whole.pop("header"))
    return unpack(header, {name: array_of(data) for name, data in whole.items()})
