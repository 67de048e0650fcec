"""What is signed: an in-toto Statement v1, https://github.com/in-toto/attestation/tree/main/spec/v1.

Its subjects are the model and the data, by their sha256; its predicate says what was found about them, how,
and the sha256 of every member of the bundle.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from service.evidence.envelope import MEMBER
from service.evidence.refusal import NotVerified

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:nif:audit:v1"


def statement(
    model_sha256: str, data_sha256: str, predicate: Mapping[str, Any], members: Mapping[str, bytes]
) -> bytes:
    """The statement as JSON in one fixed form. members: all of the bundle but the envelope."""
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(members.items())}
    made = {
        "_type": STATEMENT,
        "subject": [
            {"name": "model", "digest": {"sha256": model_sha256}},
            {"name": "data", "digest": {"sha256": data_sha256}},
        ],
        "predicateType": PREDICATE,
        "predicate": {**predicate, "members": hashes},
    }
    return json.dumps(made, sort_keys=True, allow_nan=False).encode()


def read_statement(payload: bytes) -> dict[str, Any]:
    """A signed statement back. Raises NotVerified if it is signed, yet none about an audit of nif."""
    try:
        read: dict[str, Any] = json.loads(payload)
        kinds = read["_type"], read["predicateType"]
        subjects = [(subject["name"], subject["digest"]["sha256"]) for subject in read["subject"]]
        members = read["predicate"]["members"]
        sound = all(isinstance(value, str) for pair in [*subjects, *members.items()] for value in pair)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotVerified(MEMBER, f"holds no in-toto statement: {type(error).__name__}") from None
    if kinds != (STATEMENT, PREDICATE):
        raise NotVerified(MEMBER, f"holds a statement of another kind: {kinds[0]!r}, {kinds[1]!r}"[:300])
    if not sound or [name for name, _ in subjects] != ["model", "data"]:
        raise NotVerified(MEMBER, "holds a statement that is not about a model and data")
    return read


def subject(read: Mapping[str, Any], name: str) -> str:
    """The sha256 of `model` or `data`."""
    return next(str(entry["digest"]["sha256"]) for entry in read["subject"] if entry["name"] == name)
