"""The folder that `nif analyze` writes: whole or absent, and never over files that nif did not make.

1. A hidden folder beside the output takes the files while they are made.   2. It takes the output's name in
one rename. An older output goes away only then. Two runs at once take turns; the later one wins whole.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from estimator.errors import InvalidParameter, Place
from service.report.text import shown

OURS = frozenset({"network.json", "report.html", "plotly.min.js"})


class OutputFolder:
    """Use as: `with output_folder(path) as output:`, write into `output.draft`, then `output.publish()`."""

    def __init__(self, final: Path, draft: Path) -> None:
        self.final, self.draft = final, draft

    def publish(self) -> Path:
        """Give the draft its name; returns the folder. InvalidParameter if foreign files came meanwhile."""
        unknown = {path.name for path in self.draft.iterdir()} - OURS
        if unknown:
            raise AssertionError(f"not a file of an output: {min(unknown)}")
        for path in self.draft.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        # The folder was private while it was being made; its files are as any other that the user makes.
        self.draft.chmod(0o777 & ~_umask())
        lock = os.open(self.final.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            refuse_foreign(self.final)
            if self.final.exists():
                old = Path(tempfile.mkdtemp(prefix=".nif-old-", dir=self.final.parent))
                self.final.rename(old / "output")
                self.draft.rename(self.final)
                shutil.rmtree(old)
            else:
                self.draft.rename(self.final)
            os.fsync(lock)
        finally:
            os.close(lock)
        return self.final


@contextmanager
def output_folder(final: Path) -> Iterator[OutputFolder]:
    """A draft beside `final`, removed at the end if it was not published. Raises before any work is done."""
    refuse_foreign(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".nif-draft-", dir=final.parent))
    try:
        yield OutputFolder(final, draft)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse_foreign(folder: Path) -> None:
    """Raise InvalidParameter unless the folder is absent, empty, or an earlier output of nif."""
    name = shown(str(folder), 120)
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _refuse(f"--output {name}: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        raise _refuse(f"--output {name} is a symbolic link; give the folder itself")
    if not stat.S_ISDIR(found.st_mode):
        raise _refuse(f"--output {name} is a file; give a folder")
    try:
        foreign = sorted(path.name for path in folder.iterdir() if path.name not in OURS or not _plain(path))
    except OSError as error:
        raise _refuse(f"--output {name}: {error.strerror}") from error
    if foreign:
        raise _refuse(
            f"--output {name} holds {shown(foreign[0])}, which nif did not make; give another folder"
        )
    page = folder / "report.html"
    if any(folder.iterdir()) and not (_made_by_nif(folder / "network.json") or _made_by_nif(page)):
        raise _refuse(f"--output {name} holds files that nif did not make; give another folder")


def _plain(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _made_by_nif(path: Path) -> bool:
    """Whether a file begins as ours do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(4000)
    return b'"unit"' in head if path.suffix == ".json" else b"nif" in head.lower()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _refuse(detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field="--output")])
