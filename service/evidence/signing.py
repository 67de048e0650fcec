"""Ed25519 keys that sign evidence (RFC 8032). They are files of their user; API keys are another thing.

A private key is PKCS#8 in PEM, a public one SubjectPublicKeyInfo in PEM: as openssl reads and writes them.
"""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from estimator.errors import InvalidParameter, Place
from service.report.text import shown

MOST_BYTES = 10_000
_RAW = serialization.Encoding.Raw, serialization.PublicFormat.Raw
_PEM = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
# y-coordinates of the points of small order, and the same unreduced: under such a "key" one signature is
# valid for many messages. The sign bit is left out.
_SMALL_ORDER = frozenset(
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class PublicKey:
    """id: sha256 of the key's 32 bytes, in hexadecimal."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        raw = key.public_bytes(*_RAW)
        if raw[:31] + bytes([raw[31] & 0x7F]) in _SMALL_ORDER:
            raise ValueError("it is a point of small order, which is no key: it verifies forged signatures")
        self.id = hashlib.sha256(raw).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        return self._key.public_bytes(*_PEM)


class SigningKey:
    """A private key. It is never printed and never leaves its file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    def sign(self, message: bytes) -> bytes:
        """64 bytes, the same for the same message."""
        return self._key.sign(message)

    def pem(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def new_key() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


def write_key(key: SigningKey, private: Path, public: Path) -> None:
    """Write both files; the private one for the user alone. FileExistsError where one is there."""
    for path in (private, public):
        if path.exists():
            raise FileExistsError(17, "exists already; a key is never overwritten", str(path))
    for path, data, mode in ((private, key.pem(), 0o600), (public, key.public.pem(), 0o644)):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def read_signing_key(path: Path) -> SigningKey:
    """Raises InvalidParameter where the file is no private Ed25519 key without a password."""
    try:
        key = serialization.load_pem_private_key(_read(path), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("it is a key of another kind than Ed25519")
        return SigningKey(key)
    except (ValueError, TypeError) as error:
        hint = "; `nif keys signing create` makes one"
        raise _refuse(path, f"is not a private signing key: {error}{hint}") from None


def read_public_key(path: Path) -> PublicKey:
    """Raises InvalidParameter where the file is no public Ed25519 key."""
    data = _read(path)
    try:
        if b"PRIVATE KEY" in data:
            raise ValueError("it holds a private key; give the .pub file, and keep that one to yourself")
        key = serialization.load_pem_public_key(data)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("it is a key of another kind than Ed25519")
        return PublicKey(key)
    except (ValueError, TypeError) as error:
        raise _refuse(path, f"is not a public signing key: {error}") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def _refuse(path: Path, why: str) -> InvalidParameter:
    detail = f"{shown(str(path), 120)} {why}"
    return InvalidParameter(detail, errors=[Place(detail, file=path.name)])
