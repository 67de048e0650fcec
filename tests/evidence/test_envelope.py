"""DSSE: what is signed is PAE, by one key, in one form."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from estimator.errors import InvalidParameter
from service.evidence.archive import archive_of
from service.evidence.envelope import MEMBER, PAYLOAD_TYPE, pae, seal, unseal
from service.evidence.refusal import NotVerified
from service.evidence.signing import (
    PublicKey,
    SigningKey,
    new_key,
    read_public_key,
    read_signing_key,
    write_key,
)
from service.evidence.statement import statement
from service.evidence.verification import verify_bundle
from tests.evidence.bundles import KEY, OTHER_KEY

PAYLOAD = b'{"a": 1}'


def envelope(
    payload: bytes = PAYLOAD, kind: str = PAYLOAD_TYPE, signatures: list[tuple[str, bytes]] = ()
) -> bytes:
    entries = [{"keyid": name, "sig": base64.b64encode(sig).decode()} for name, sig in signatures]
    made = {"payload": base64.b64encode(payload).decode(), "payloadType": kind, "signatures": entries}
    return json.dumps(made, indent=1).encode() + b"\n"


def test_the_encoding_is_that_of_the_specification():
    """The vector of the DSSE specification, protocol.md."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_what_is_sealed_is_unsealed():
    assert unseal(seal(PAYLOAD, KEY), KEY.public) == PAYLOAD


GOOD_SIGNATURE = (KEY.public.id, KEY.sign(pae(PAYLOAD_TYPE, PAYLOAD)))
BAD_SIGNATURE = (OTHER_KEY.public.id, OTHER_KEY.sign(pae(PAYLOAD_TYPE, PAYLOAD)))


@pytest.mark.parametrize(
    ("forged", "words"),
    [
        (envelope(signatures=[(KEY.public.id, KEY.sign(PAYLOAD))]), "did not make"),
        (
            envelope(kind="text/plain", signatures=[(KEY.public.id, KEY.sign(pae("text/plain", PAYLOAD)))]),
            "type",
        ),
        (envelope(), "no signature"),
        (envelope(signatures=[GOOD_SIGNATURE, BAD_SIGNATURE]), "not signed by the given key"),
        (envelope(signatures=[GOOD_SIGNATURE, GOOD_SIGNATURE]), "not as written"),
        (envelope(signatures=[(KEY.public.id, BAD_SIGNATURE[1])]), "did not make"),
        (envelope(signatures=[BAD_SIGNATURE]), "not signed by the given key"),
        (envelope(signatures=[("other", GOOD_SIGNATURE[1])]), "not as written"),
        (envelope(payload=b'{"a": 2}', signatures=[GOOD_SIGNATURE]), "did not make"),
        (seal(PAYLOAD, KEY).replace(b"\n ", b"\n\t"), "not as written"),
        (seal(PAYLOAD, KEY) + b" ", "not as written"),
        (b"[]", "not a DSSE envelope"),
        (b"{" * 5000, "not a DSSE envelope"),
        (b"", "not a DSSE envelope"),
    ],
)
def test_a_forged_envelope_is_refused(forged, words):
    with pytest.raises(NotVerified, match=words) as refusal:
        unseal(forged, KEY.public)
    assert refusal.value.member == MEMBER


def test_a_statement_about_something_else_is_refused_even_when_signed():
    other = json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "x", "predicate": {"members": {}}})  # fmt: skip  # noqa: E501
    for payload in (other.encode(), b"[1]", statement("0", "1", {}, {}).replace(b'"model"', b'"weights"')):
        with pytest.raises(NotVerified):
            verify_bundle(archive_of({MEMBER: seal(payload, KEY)}), KEY.public)


def test_the_all_zero_key_and_its_kind_are_no_keys():
    """Under a public key of small order a constant signature holds for many messages."""
    for y in small_order_encodings():
        with pytest.raises(ValueError, match="small order"):
            PublicKey(Ed25519PublicKey.from_public_bytes(y))


def small_order_encodings() -> list[bytes]:
    """The y of all 8 points with 8 P = 0 on edwards25519, with both signs, canonical and not (RFC 8032)."""
    p = 2**255 - 19
    d = -121665 * pow(121666, p - 2, p) % p
    # 8 P = 0: y = 1 and -1 (orders 1, 2), y = 0 (order 4), and order 8: 2 P has y = 0, where x^2 = -y^2,
    # so that -x^2 + y^2 = 2 y^2 = 1 - d y^4: y^2 = (-1 + sqrt(1 + d)) / d
    root = next(r for r in square_roots((1 + d) % p, p))
    ys = {0, 1, p - 1}
    for square in ((-1 + root) * pow(d, p - 2, p) % p, (-1 - root) * pow(d, p - 2, p) % p):
        ys |= set(square_roots(square, p))
    assert len(ys) == 5
    unreduced = {y + p for y in ys if y + p < 2**255}
    return [(y | sign << 255).to_bytes(32, "little") for y in ys | unreduced for sign in (0, 1)]


def square_roots(a: int, p: int) -> list[int]:
    """Of a modulo p = 5 mod 8; none if a is no square."""
    root = pow(a, (p + 3) // 8, p)
    if root * root % p != a:
        root = root * pow(2, (p - 1) // 4, p) % p
    return sorted({root, p - root}) if root * root % p == a else []


def test_keys_are_written_once_and_read_back(tmp_path):
    private, public = tmp_path / "a.key", tmp_path / "a.pub"
    key = new_key()
    write_key(key, private, public)
    assert private.stat().st_mode & 0o777 == 0o600
    assert read_signing_key(private).public.id == key.public.id == read_public_key(public).id
    with pytest.raises(FileExistsError):
        write_key(new_key(), private, tmp_path / "b.pub")
    assert read_signing_key(private).public.id == key.public.id


def test_a_file_that_is_no_key_is_refused_by_name(tmp_path: Path):
    write_key(new_key(), tmp_path / "a.key", tmp_path / "a.pub")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InvalidParameter, match="holds a private key"):
        read_public_key(tmp_path / "a.key")
    for read, name in ((read_signing_key, "a.pub"), (read_signing_key, "text"), (read_public_key, "text")):
        with pytest.raises(InvalidParameter, match=name):
            read(tmp_path / name)


def test_signing_twice_gives_the_same_bytes():
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    assert key.sign(b"x") == key.sign(b"x")
