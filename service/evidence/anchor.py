"""An anchor of the audit log as a file: JSON, or the same in a signed envelope."""

import json
from dataclasses import asdict

from estimator.errors import InvalidParameter, Place
from service.audit_chain import Anchor
from service.evidence.envelope import seal, unseal
from service.evidence.signing import PublicKey, SigningKey

PAYLOAD_TYPE = "application/vnd.nif.audit-log-anchor+json"
MOST_BYTES = 10_000


def anchor_text(anchor: Anchor, key: SigningKey | None) -> str:
    """The file's text."""
    plain = json.dumps(asdict(anchor)) + "\n"
    return plain if key is None else seal(plain.encode(), key, PAYLOAD_TYPE).decode()


def read_anchor(data: bytes, key: PublicKey | None, name: str) -> Anchor:
    """An anchor back. With a key it must be signed by that key, else NotVerified is raised.

    name: the file's. Raises InvalidParameter for what is no anchor, and for a signed one without a key.
    """
    if key is not None:
        data = unseal(data, key, PAYLOAD_TYPE, name)
    try:
        read = json.loads(data)
        if key is None and "payloadType" in read:
            raise _refuse(f"{name} is signed; give the public key with --key", "--key")
        anchor = Anchor(**read)
        sound = isinstance(anchor.count, int) and anchor.count >= 0 and isinstance(anchor.time, str)
        if not sound or not isinstance(anchor.hash, str) or len(anchor.hash) != 64:
            raise ValueError("a value is not one of an anchor's")
    except (ValueError, TypeError, RecursionError) as error:
        raise _refuse(f"{name} is no anchor of an audit log: {error}", "--anchor") from None
    return anchor


def _refuse(detail: str, field: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
