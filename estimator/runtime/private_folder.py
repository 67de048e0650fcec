"""A folder for one child process, gone when it is."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from estimator.errors import DISK_FULL, StorageLimit


@contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user can enter. Raises StorageLimit for a full disk."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="nif-", dir=parent))
    except OSError as error:
        raise StorageLimit(f"no temporary folder can be made: {error.strerror}") from error
    try:
        yield folder
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise StorageLimit(f"the disk of the temporary folder is full: {error.strerror}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def taken_beforehand(path: Path, size: int) -> None:
    """Make a file of that many bytes that has its space on the disk.

    Where a file is written through a map, a disk that is full only then kills the process by SIGBUS.
    """
    with path.open("wb") as file:
        path.chmod(0o600)
        os.posix_fallocate(file.fileno(), 0, size)
