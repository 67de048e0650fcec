"""The check of a bundle.

1. The zip file is byte for byte what its members make (`archive.py`).
2. Its envelope is signed by the given key, over PAE (`envelope.py`), and holds a statement (`statement.py`).
3. Every member is one that the statement names, with the hash that it says, and none is missing.
4. A model or data file that is given has the subject's hash; the baseline's model that of its record.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estimator.errors import InvalidParameter, LimitExceeded, Place
from service.evidence.archive import LARGEST_BUNDLE, members_of
from service.evidence.envelope import MEMBER, unseal
from service.evidence.refusal import NotVerified
from service.evidence.signing import PublicKey
from service.evidence.statement import read_statement, subject


@dataclass(frozen=True)
class Bundle:
    """A bundle that holds. statement: as signed. members: all but the envelope, by name."""

    statement: Mapping[str, Any]
    members: Mapping[str, bytes]
    key_id: str

    @property
    def predicate(self) -> Mapping[str, Any]:
        predicate: Mapping[str, Any] = self.statement["predicate"]
        return predicate

    def json(self, name: str) -> Any:
        """A member that is JSON."""
        return json.loads(self.members[name])

    def sha256(self, name: str) -> str | None:
        """Of `model`, `data`, or `baseline-model`: None where no baseline says it."""
        if name != "baseline-model":
            return subject(self.statement, name)
        baseline = self.json("audit.json").get("baseline") or {}
        return None if baseline.get("model_sha256") is None else str(baseline["model_sha256"])


def verify_bundle(data: bytes, key: PublicKey) -> Bundle:
    """Steps 1 to 3. Raises NotVerified, naming what is not as signed."""
    members = members_of(data)
    if MEMBER not in members:
        raise NotVerified(MEMBER, "is missing: the bundle is not signed")
    read = read_statement(unseal(members.pop(MEMBER), key))
    signed = read["predicate"]["members"]
    for name, content in members.items():
        if name not in signed:
            raise NotVerified(repr(name), "is in the bundle and was not signed")
        found = hashlib.sha256(content).hexdigest()
        if found != signed[name]:
            raise NotVerified(repr(name), f"was changed: its sha256 is {found}, signed was {signed[name]}")
    for name in signed:
        if name not in members:
            raise NotVerified(repr(name), "was signed and is not in the bundle")
    return Bundle(read, members, key.id)


def check_subject(bundle: Bundle, name: str, path: Path) -> None:
    """Step 4. name: model, data or baseline-model. Raises NotVerified, with both hashes."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    signed = bundle.sha256(name)
    if found != signed:
        raise NotVerified(
            name, f"given is another: subject hash differs, signed was {signed}, the file has {found}"
        )


def read_bundle(path: Path) -> bytes:
    """The file's bytes. Raises LimitExceeded, or InvalidParameter where it cannot be read."""
    size = path.stat().st_size
    if size > LARGEST_BUNDLE:
        raise LimitExceeded(f"{path.name} has {size:,} bytes; a bundle has at most {LARGEST_BUNDLE:,}")
    try:
        return path.read_bytes()
    except OSError as error:
        detail = f"{path.name} cannot be read: {error.strerror}"
        raise InvalidParameter(detail, errors=[Place(detail, file=path.name)]) from error
