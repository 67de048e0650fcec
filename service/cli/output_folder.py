"""The folder that a command writes: whole or absent, and never over files that nif did not make.

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
from dataclasses import dataclass
from pathlib import Path

from estimator.errors import InvalidParameter, Place
from service.report.text import shown


@dataclass(frozen=True)
class Output:
    """What a command's folder holds. files: names, with `/` where they are in a folder of `folders`; a name
    that ends in * stands for all that begin so. proofs: files of which one shows that nif made the folder.
    """

    files: frozenset[str]
    folders: frozenset[str]
    proofs: tuple[str, ...]

    def has(self, name: str) -> bool:
        begun = (one[:-1] for one in self.files if one.endswith("*"))
        return name in self.files or any(name.startswith(start) for start in begun)


ANALYSIS = Output(
    frozenset({"network.json", "report.html", "plotly.min.js"}), frozenset(), ("network.json", "report.html")
)


class OutputFolder:
    """Use as: `with output_folder(path) as output:`, write into `output.draft`, then `output.publish()`."""

    def __init__(self, final: Path, draft: Path, kind: Output = ANALYSIS) -> None:
        self.final, self.draft, self.kind = final, draft, kind

    def publish(self) -> Path:
        """Give the draft its name; returns the folder. InvalidParameter if foreign files came meanwhile."""
        unknown = _foreign(self.draft, self.kind)
        if unknown:
            raise AssertionError(f"not a file of an output: {unknown[0]}")
        for path in self.draft.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        # The folder was private while it was being made; its files are as any other that the user makes.
        self.draft.chmod(0o777 & ~_umask())
        lock = os.open(self.final.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            refuse_foreign(self.final, self.kind)
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
def output_folder(final: Path, kind: Output = ANALYSIS) -> Iterator[OutputFolder]:
    """A draft beside `final`, removed at the end if it was not published. Raises before any work is done."""
    refuse_foreign(final, kind)
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".nif-draft-", dir=final.parent))
    try:
        yield OutputFolder(final, draft, kind)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse_foreign(folder: Path, kind: Output = ANALYSIS) -> None:
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
        foreign = _foreign(folder, kind)
    except OSError as error:
        raise _refuse(f"--output {name}: {error.strerror}") from error
    if foreign:
        raise _refuse(
            f"--output {name} holds {shown(foreign[0])}, which nif did not make; give another folder"
        )
    if any(folder.iterdir()) and not any(_made_by_nif(folder / name) for name in kind.proofs):
        raise _refuse(f"--output {name} holds files that nif did not make; give another folder")


def _foreign(folder: Path, kind: Output) -> list[str]:
    """What is below the folder and no part of such an output, sorted by name. Links are never followed."""
    found, pending = [], list(folder.iterdir())
    while pending:
        path = pending.pop()
        name = path.relative_to(folder).as_posix()
        if name in kind.folders and stat.S_ISDIR(path.lstat().st_mode):
            pending += path.iterdir()
        elif not kind.has(name) or not _plain(path):
            found.append(name)
    return sorted(found)


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
