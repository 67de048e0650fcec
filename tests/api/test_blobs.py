import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from estimator.errors import BlobCorrupt
from service.blobs import Blobs
from service.errors import PayloadTooLarge


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def test_a_blob_is_named_by_its_hash_and_private(blobs: Blobs) -> None:
    blob = blobs.write([b"ab", b"c"], 10)
    assert (blob.sha256[:8], blob.size) == ("ba7816bf", 3)
    assert blobs.verified_bytes(blob.sha256) == b"abc"
    assert blobs.path(blob.sha256).stat().st_mode & 0o777 == 0o600
    assert blobs.hashes() == [blob.sha256]


def test_a_stream_too_long_or_broken_leaves_nothing(blobs: Blobs) -> None:
    def broken() -> object:
        yield b"abc"
        raise ConnectionResetError

    with pytest.raises(PayloadTooLarge):
        blobs.write([b"x" * 6, b"x" * 5], 10)
    with pytest.raises(ConnectionResetError):
        blobs.write(broken(), 10)  # type: ignore[arg-type]
    assert blobs.hashes() == [] and not list(blobs.incoming.iterdir())


def test_a_changed_blob_is_refused_with_both_hashes(blobs: Blobs) -> None:
    blob = blobs.write([b"abc"], 10)
    blobs.path(blob.sha256).write_bytes(b"abd")
    with pytest.raises(BlobCorrupt, match=f"{blob.sha256}.*a52d159f"):
        blobs.verified_bytes(blob.sha256)
    blobs.write([b"abc"], 10)  # uploading again heals it
    assert blobs.verified_bytes(blob.sha256) == b"abc"


def test_many_writers_of_one_file_make_one_blob(blobs: Blobs) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = set(pool.map(lambda _: blobs.write([b"x" * 100_000] * 10, 10**7).sha256, range(40)))
    assert blobs.hashes() == list(made)
    assert not list(blobs.incoming.iterdir())


def test_the_sweep_takes_old_orphans_only(blobs: Blobs) -> None:
    known, orphan = (blobs.write([data], 10).sha256 for data in (b"known", b"orphan"))
    staged = blobs.stage([b"abandoned"], 10)
    assert blobs.sweep({known}) == []
    old = time.time() - 7200
    for path in (blobs.path(known), blobs.path(orphan), staged.path):
        os.utime(path, (old, old))
    young = blobs.write([b"young"], 10).sha256
    assert set(blobs.sweep({known})) == {orphan, staged.path.name}
    assert set(blobs.hashes()) == {known, young}


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_hash_is_a_name(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="not a sha256"):
        blobs.path(name)
