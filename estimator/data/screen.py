"""The first look at a text file: its hash, and that every byte of it is sound UTF-8 text."""

import codecs
import hashlib
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from pathlib import Path

from estimator.data.table import TableKind, TableLimits
from estimator.errors import InvalidDataset, LimitExceeded, Place

CHUNK = 2**20
# C0 but for tab, line feed and carriage return.
CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")

# What a file begins with, and the `kind` it then is, where there is one.
BEGINNINGS: tuple[tuple[bytes, str, TableKind | None], ...] = (
    (b"PAR1", "a parquet file", "parquet"),
    (b"\x93NUMPY", "an npy file", "npy"),
    (b"PK\x03\x04", "a zip or npz file", "npz"),
    (b"PK\x05\x06", "an empty zip file", None),
    (b"\x1f\x8b", "gzip data", None),
    (b"\xff\xfe", "UTF-16 text", None),
    (b"\xfe\xff", "UTF-16 text", None),
    (b"%PDF", "a PDF file", None),
)


def opened(source: bytes | Path) -> BytesIO | BufferedReader:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def size_of(source: bytes | Path, limits: TableLimits) -> int:
    """Size in bytes. Raises LimitExceeded above the limit."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > limits.file_bytes:
        raise LimitExceeded(f"the data file has {size} bytes; the limit is {limits.file_bytes}")
    return size


def check_kind(source: bytes | Path, kind: TableKind) -> None:
    """Raises InvalidDataset where the bytes are plainly another kind of file than was said."""
    with opened(source) as stream:
        beginning = stream.read(8)
    for magic, what, its_kind in BEGINNINGS:
        if beginning.startswith(magic) and its_kind != kind:
            fix = (
                f"say kind={its_kind}" if its_kind else "give UTF-8 CSV, npy, npz or parquet, not compressed"
            )
            detail = f"the data was said to be {kind}, and its first bytes are those of {what}; {fix}"
            raise InvalidDataset(detail, errors=[Place(detail, byte=0)])


def sha256_of(source: bytes | Path) -> str:
    with opened(source) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_text(source: bytes | Path) -> None:
    """Raises InvalidDataset, naming the byte, for text that is not UTF-8 or holds control characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start, chunk in _chunks(source):
        if len(chunk.translate(None, CONTROLS)) != len(chunk):
            byte = next(i for i, value in enumerate(chunk) if value in CONTROLS)
            detail = f"byte {start + byte} is the control character 0x{chunk[byte]:02x}; remove it"
            raise InvalidDataset(detail, errors=[Place(detail, byte=start + byte)])
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            byte = start - held + error.start
            _refuse_encoding(byte, error.object[error.start])
    if held := len(decoder.getstate()[0]):
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        _refuse_encoding(size - held, decoder.getstate()[0][0])


def _chunks(source: bytes | Path) -> Iterator[tuple[int, bytes]]:
    with opened(source) as stream:
        start = 0
        while chunk := stream.read(CHUNK):
            yield start, chunk
            start += len(chunk)


def _refuse_encoding(byte: int, value: int) -> None:
    detail = f"byte {byte} (0x{value:02x}) is not UTF-8; save the file as UTF-8"
    raise InvalidDataset(detail, errors=[Place(detail, byte=byte)])
