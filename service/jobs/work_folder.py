"""Where a running job keeps its files: work/<analysis>/<attempt>/, gone when the job is."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def new_attempt(work_dir: Path, analysis_id: str) -> Path:
    """An empty folder for this attempt; what earlier attempts left is removed."""
    remove(work_dir, analysis_id)
    folder = of_analysis(work_dir, analysis_id) / uuid4().hex
    folder.mkdir(mode=0o700, parents=True)
    return folder


def of_analysis(work_dir: Path, analysis_id: str) -> Path:
    # The id is our own, but it comes back from a database: it must not lead elsewhere.
    if not analysis_id.replace("-", "").replace("_", "").isalnum() or len(analysis_id) > 100:
        raise ValueError("not an analysis id")
    return work_dir / analysis_id


def remove(work_dir: Path, analysis_id: str) -> None:
    shutil.rmtree(of_analysis(work_dir, analysis_id), ignore_errors=True)


def remove_attempt(folder: Path) -> None:
    """Remove one attempt's folder, and its analysis's folder if no other attempt is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


def sweep(work_dir: Path, running: Callable[[Iterable[str]], set[str]]) -> None:
    """Remove the folders of jobs that do not run any more: what a killed worker left."""
    if work_dir.is_dir():
        names = [path.name for path in work_dir.iterdir() if path.is_dir()]
        for name in set(names) - running(names):
            shutil.rmtree(work_dir / name, ignore_errors=True)


def intact(file: Path, sha256: str) -> bool:
    """Whether the file is there with these bytes."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False
