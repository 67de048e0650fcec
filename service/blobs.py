"""Uploaded files, named by the sha256 of their bytes and by nothing that a client sent.

A file appears under its name whole and durable (temporary file, fsync, rename, fsync of the folder) or not
at all. What a crash leaves behind are files in `incoming/` and blobs that no catalog row names; `sweep`
removes both.
"""

import hashlib
import os
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from estimator.errors import BlobCorrupt
from service.errors import PayloadTooLarge

BLOCK = 1 << 20
OLD_ENOUGH_SECONDS = 3600.0  # an upload or a one-shot submission in progress is younger than this


@dataclass(frozen=True)
class Blob:
    """A stored file: size in bytes, sha256 in lower-case hexadecimal."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Staged:
    """A file received whole and durable, but without a name yet. `Blobs.keep` or `discard` ends it."""

    path: Path
    blob: Blob

    def read_bytes(self) -> bytes:
        return self.path.read_bytes()

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)


class Blobs:
    """Content-addressed files in one folder; safe for many threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the blob of that hash is, or would be."""
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
            raise ValueError(f"not a sha256 in lower-case hexadecimal: {sha256!r}")
        return self.folder / sha256[:2] / sha256

    def stage(self, stream: Iterable[bytes], limit: int) -> Staged:
        """Receive a file. PayloadTooLarge above `limit` bytes; on any error nothing stays behind."""
        path = self.incoming / uuid4().hex
        digest, size = hashlib.sha256(), 0
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                for block in stream:
                    size += len(block)
                    if size > limit:
                        raise PayloadTooLarge(
                            f"The file is longer than {limit} bytes, the limit of /v1/limits"
                        )
                    digest.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Staged(path, Blob(digest.hexdigest(), size))

    def keep(self, staged: Staged) -> Blob:
        """Give a staged file its name. The same bytes may be there already: then nothing changes."""
        final = self.path(staged.blob.sha256)
        if not final.parent.exists():
            final.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self.folder)
        staged.path.replace(final)
        _sync_folder(final.parent)
        return staged.blob

    def write(self, stream: Iterable[bytes], limit: int) -> Blob:
        """Receive a file and give it its name."""
        return self.keep(self.stage(stream, limit))

    def exists(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def identity(self, sha256: str) -> tuple[str, int, int, int, int]:
        """Changes when the file on disk is changed or replaced. BlobCorrupt if it is gone."""
        try:
            found = self.path(sha256).stat()
        except FileNotFoundError as error:
            raise BlobCorrupt(f"The stored file {sha256} is gone; upload it again") from error
        return sha256, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def verified_bytes(self, sha256: str) -> bytes:
        """The blob's bytes. BlobCorrupt, with both hashes, if they are not what was uploaded."""
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise BlobCorrupt(f"The stored file {sha256} is gone; upload it again") from error
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise BlobCorrupt(
                f"The stored file {sha256} now has the hash {found}: it was changed on disk "
                "after its upload; delete it and upload it again"
            )
        return data

    def delete(self, sha256: str) -> None:
        """Remove a blob; no error if there is none."""
        self.path(sha256).unlink(missing_ok=True)

    def hashes(self) -> list[str]:
        """The hashes of all blobs, sorted."""
        return sorted(path.name for path in self.folder.glob("[0-9a-f][0-9a-f]/*") if len(path.name) == 64)

    def sweep(self, known: Collection[str], older_than: float = OLD_ENOUGH_SECONDS) -> list[str]:
        """Remove abandoned uploads and the blobs that are not `known`, if older than so many seconds.

        Returns the names of what was removed. Younger files may belong to a request that is under way.
        """
        last = time.time() - older_than
        orphans = [self.path(sha256) for sha256 in self.hashes() if sha256 not in known]
        removed = []
        for path in [*self.incoming.iterdir(), *orphans]:
            try:
                if path.stat().st_mtime > last:
                    continue
                path.unlink()
            except FileNotFoundError:  # another process was faster
                continue
            removed.append(path.name)
        return sorted(removed)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
