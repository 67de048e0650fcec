"""The bundle's zip file: its bytes follow from its members alone, and it is read only if they do.

Members are stored as they are, in the order of their names, with one fixed time and mode. A reader makes the
archive again from the members that it found and compares every byte: what a zip file can hide (bytes before,
between and after, a second member of a name, other attributes in the directory, a link) is found by that.
"""

import io
import re
import zipfile
from collections.abc import Mapping

from service.evidence.refusal import NotVerified

LARGEST_BUNDLE = 2 * 2**30
MOST_MEMBERS = 20
_TIME = (1980, 1, 1, 0, 0, 0)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}", re.ASCII)


def archive_of(members: Mapping[str, bytes]) -> bytes:
    """The zip file's bytes. Raises ValueError for a name that is none of a plain file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a member")
            info = zipfile.ZipInfo(name, date_time=_TIME)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, members[name])
    return buffer.getvalue()


def members_of(data: bytes) -> dict[str, bytes]:
    """What `archive_of` was given. Raises NotVerified, naming the member that is not as written.

    Nothing is unpacked to disk, and nothing that is compressed is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries)
            members = {}
            for entry in entries:
                members[entry.filename] = _read(archive, entry)
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OverflowError) as error:
        raise NotVerified("the bundle", f"is not a whole zip file: {error}") from None
    written = archive_of(members)
    if data != written:
        raise NotVerified(_at(members, data, written), "is not as written")
    return members


def _check(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_MEMBERS:
        raise NotVerified("the bundle", f"has {len(entries)} members; a bundle has at most {MOST_MEMBERS}")
    names = [entry.filename for entry in entries]
    for name in names:
        if not _NAME.fullmatch(name):
            raise NotVerified(repr(name[:100]), "is no member of a bundle: its name is none of a plain file")
        if names.count(name) > 1:
            raise NotVerified(repr(name), "is there twice")
    for entry in entries:
        if entry.external_attr != 0o100644 << 16:
            words = f"is not a plain file (attributes {entry.external_attr:#x})"
            raise NotVerified(repr(entry.filename), words)
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise NotVerified(repr(entry.filename), "is compressed; a bundle's members are not")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, ValueError, EOFError, RuntimeError) as error:
        raise NotVerified(repr(entry.filename[:100]), f"cannot be read: {error}") from None


def _at(members: Mapping[str, bytes], data: bytes, written: bytes) -> str:
    """Where the first byte lies that differs from the archive as it would be written."""
    if data.find(written) > 0:
        return "the bundle has bytes before its first member and"
    if data.startswith(written):
        return f"the bundle has {len(data) - len(written)} bytes after its end and"
    first = next(
        (at for at, (a, b) in enumerate(zip(data, written, strict=False)) if a != b),
        min(len(data), len(written)),
    )
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        if first >= archive.start_dir:
            place = archive.start_dir
            for entry in archive.infolist():
                place += 46 + len(entry.filename)
                if first < place:
                    return f"the directory's entry of {entry.filename!r}"
            return "the directory's end"
        inside = [entry for entry in archive.infolist() if entry.header_offset <= first]
    return f"the header of {inside[-1].filename!r}" if inside else "the bundle"
