"""The envelope around a statement: DSSE, https://github.com/secure-systems-lab/dsse, one signature.

What is signed is PAE(payloadType, payload), never the payload alone: a signature cannot be moved to other
bytes or another type. The envelope has one form only, so that no byte of it can be changed unseen.
"""

import base64
import binascii
import json
from typing import Any

from service.evidence.refusal import NotVerified
from service.evidence.signing import PublicKey, SigningKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MEMBER = "attestation.dsse.json"


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, key: SigningKey, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The envelope's bytes; the same for the same payload and key."""
    return _form(payload, payload_type, key.public.id, key.sign(pae(payload_type, payload)))


def unseal(envelope: bytes, key: PublicKey, payload_type: str = PAYLOAD_TYPE, name: str = MEMBER) -> bytes:
    """The payload. name: the envelope's, for refusals.

    Raises NotVerified unless it is signed by exactly this key, and nothing else is there.
    """
    try:
        read = json.loads(envelope)
        kind, signatures = read["payloadType"], read["signatures"]
        payload = base64.b64decode(read["payload"], validate=True)
        signed = [base64.b64decode(entry["sig"], validate=True) for entry in signatures]
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise NotVerified(name, f"is not a DSSE envelope: {type(error).__name__}") from None
    if kind != payload_type:
        raise NotVerified(name, f"has the payload type {str(kind)[:80]!r}; it must be {payload_type!r}")
    if not signed:
        raise NotVerified(name, "has no signature")
    if not all(key.verifies(signature, pae(kind, payload)) for signature in signed):
        raise NotVerified(name, _unsigned(signatures, key))
    if len(signed) != 1 or envelope != _form(payload, kind, key.id, signed[0]):
        raise NotVerified(name, "is signed, and was changed around the signed payload: it is not as written")
    return payload


def _unsigned(signatures: Any, key: PublicKey) -> str:
    named = [entry.get("keyid") for entry in signatures if isinstance(entry, dict)]
    if any(isinstance(name, str) and name != key.id for name in named):
        return f"is not signed by the given key {key.id}, but says to be by {str(named[0])[:64]!r}"
    return f"has a signature that the given key {key.id} did not make for this payload"


def _form(payload: bytes, payload_type: str, keyid: str, signature: bytes) -> bytes:
    made = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(made, indent=1).encode() + b"\n"
