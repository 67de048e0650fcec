"""A bundle holds byte for byte or not at all, and what was changed is named."""

import html
import io
import json
import re
import stat
import zipfile

import pytest
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from service.evidence.archive import archive_of, members_of
from service.evidence.envelope import MEMBER, unseal
from service.evidence.refusal import NotVerified
from service.evidence.verification import check_subject, verify_bundle
from tests.evidence.bundles import KEY, OTHER_KEY, bundle, unpacked, zipped

GOOD = bundle()
MEMBERS = unpacked(GOOD)


def refused(data: bytes) -> NotVerified:
    with pytest.raises(NotVerified) as refusal:
        verify_bundle(data, KEY.public)
    return refusal.value


def test_a_bundle_holds_and_gives_back_what_was_put_in():
    found = verify_bundle(GOOD, KEY.public)
    assert found.sha256("model") == "0" * 64
    assert found.sha256("data") == "1" * 64
    assert found.predicate["verdict"] == "pass"
    assert found.members["data.csv"] == b"a,b\n1,2\n"
    assert found.json("network.json")["graph"]["unit"] == "nats"
    assert set(found.members) == {
        "audit.json", "data.csv", "index.html", "network.json", "options.json", "policy.yaml", "run.log",
    }  # fmt: skip


def test_the_same_content_makes_the_same_bytes():
    assert bundle() == GOOD


def test_the_data_are_in_it_only_when_asked():
    without = bundle(data=None)
    assert "data.csv" not in verify_bundle(without, KEY.public).members
    assert b"a,b\n1,2" not in without


def test_the_statement_is_an_in_toto_statement():
    payload = unseal(MEMBERS[MEMBER], KEY.public)
    message = json_format.Parse(
        payload, statement_pb2.Statement()
    )  # refuses a field that is not in the schema
    Statement.copy_from_pb(message).validate()
    assert [subject.name for subject in message.subject] == ["model", "data"]


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_one_byte_changed_in_a_member_is_named(name):
    changed = bytearray(GOOD)
    at = GOOD.find(MEMBERS[name]) + len(MEMBERS[name]) // 2
    changed[at] ^= 1
    assert name in str(refused(bytes(changed)))


@pytest.mark.parametrize("name", sorted(set(MEMBERS) - {MEMBER}))
def test_a_member_changed_with_its_checksum_is_named(name):
    content = MEMBERS[name][:-1] + b"?"
    refusal = refused(archive_of({**MEMBERS, name: content}))
    assert refusal.member == repr(name)
    assert "was changed" in refusal.detail


def test_every_single_byte_outside_of_the_members_content_counts():
    """Local headers, the directory and its end: no bit of any of them can be turned unseen."""
    content = set()
    for data in MEMBERS.values():
        start = GOOD.find(data)
        content |= set(range(start, start + len(data)))
    outside = [at for at in range(len(GOOD)) if at not in content]
    assert len(outside) > 7 * (30 + 46)
    for at in outside:
        changed = bytearray(GOOD)
        changed[at] ^= 0x55
        refused(bytes(changed))


@pytest.mark.parametrize("cut", [0, 1, 100, len(GOOD) // 2, len(GOOD) - 1])
def test_a_bundle_cut_short_is_no_bundle(cut):
    refused(GOOD[:cut])


def test_bytes_before_and_after_are_found():
    assert "bytes before" in str(refused(b"MZ" + GOOD)) or "zip file" in str(refused(b"MZ" + GOOD))
    assert "bytes after" in str(refused(GOOD + b"\n")) or "zip file" in str(refused(GOOD + b"\n"))


def test_a_member_added_removed_or_doubled_is_named():
    assert refused(archive_of({**MEMBERS, "more.txt": b"x"})).member == "'more.txt'"
    rest = {name: data for name, data in MEMBERS.items() if name != "audit.json"}
    assert "'audit.json' was signed and is not in the bundle" in str(refused(archive_of(rest)))
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = zipped([*MEMBERS.items(), ("audit.json", b"{}")])
    assert "'audit.json' is there twice" in str(refused(doubled))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "..", "C:x", "a\\b", "x\n"])
def test_a_member_that_would_leave_its_folder_is_named_and_nothing_is_written(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert "is no member of a bundle" in str(refused(zipped([*MEMBERS.items(), (name, b"x")])))
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_is_refused():
    link = zipfile.ZipInfo("link", date_time=(1980, 1, 1, 0, 0, 0))
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refusal = refused(zipped([*MEMBERS.items(), (link, b"/etc/passwd")]))
    assert "'link' is not a plain file" in str(refusal)


def test_a_bomb_is_refused_without_being_unpacked():
    bomb = zipped([("bomb", b"\0" * 50_000_000)], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(NotVerified, match="'bomb' is compressed"):
        members_of(bomb)


def test_too_many_members_are_refused():
    assert "has 30 members" in str(refused(zipped([(f"m{i}", b"") for i in range(30)])))


@pytest.mark.parametrize("data", [b"", b"PK", b"{}", b"PK\x05\x06" + b"\0" * 18, b"\0" * 10_000])
def test_what_is_no_bundle_is_refused(data):
    refused(data)


def test_another_key_does_not_verify():
    with pytest.raises(NotVerified, match="not signed by the given key"):
        verify_bundle(GOOD, OTHER_KEY.public)


def test_another_model_is_named_with_both_hashes(tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"another")
    with pytest.raises(NotVerified) as refusal:
        check_subject(verify_bundle(GOOD, KEY.public), "model", tmp_path / "other.onnx")
    assert "subject hash differs" in str(refusal.value)
    assert len(re.findall(r"\b[0-9a-f]{64}\b", str(refusal.value))) == 2


def test_the_page_says_the_verdict_and_loads_nothing():
    page = MEMBERS["index.html"].decode()
    assert "minimum-rows" in page
    assert "150 rows, at least 100" in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "default-src 'none'" in html.unescape(page)


def test_the_members_are_json_and_without_the_key():
    for name in ("audit.json", "network.json", "options.json"):
        json.loads(MEMBERS[name])
    assert not any(b"PRIVATE" in data for data in MEMBERS.values())
    secret = KEY.pem().splitlines()[1]
    assert secret not in GOOD
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
