"""Where the formats of an audit go: to stdout, to one file, or to a folder with a file each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estimator.errors import InvalidParameter, Place
from service.policies.formats import FORMATS, render
from service.report.rendering import write_whole


@dataclass(frozen=True)
class Outputs:
    """printed: the format that goes to stdout. files: {format: its file}."""

    printed: str
    files: Mapping[str, Path]


def outputs(formats: Sequence[str], output: str | None, *, as_json: bool) -> Outputs:
    """Decide it before the work. Raises InvalidParameter where it cannot be done.

    One format and --output FILE: the file. Several, or a folder that is there or ends with /: a file each in
    it, named as FORMATS says. Without --output one format goes to stdout. stdout always has something: the
    terminal's table where nothing else takes it.
    """
    asked = list(dict.fromkeys([*formats, *(["json"] if as_json else [])]))
    written = [name for name in asked if name != "terminal"]
    if output is None:
        if len(written) > 1 or (len(asked) > 1 and written):
            raise _refuse(f"{' and '.join(asked)} cannot share stdout; give --output DIR for the files")
        return Outputs(written[0] if written else "terminal", {})
    if not written:
        written = ["terminal"]
    path = Path(output)
    in_folder = len(written) > 1 or path.is_dir() or output.endswith("/")
    if in_folder and path.exists() and not path.is_dir():
        raise _refuse(f"--output {output} is a file; {len(written)} formats need a folder")
    if not in_folder and not path.absolute().parent.is_dir():
        raise _refuse(f"--output {output}: there is no folder {path.absolute().parent}")
    files = {name: path / FORMATS[name].file if in_folder else path for name in written}
    return Outputs("json" if as_json else "terminal", files)


def write_outputs(found: Outputs, document: Mapping[str, Any]) -> Iterator[str]:
    """Write the files, each whole or not at all; yields a line a file. Raises OSError."""
    for name, path in found.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, render(name, document).encode("utf-8", "backslashreplace"))
        yield f"{name:<10} {path}"


def _write(path: Path, data: bytes) -> None:
    write_whole(path, lambda file: file.write(data))


def _refuse(detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field="--output")])
