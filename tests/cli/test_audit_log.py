"""`nif audit-log`: what was done to the lines is named, with an anchor also what a chain cannot show."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.audit_chain import Anchor, check, line_hash
from service.audit_log import AuditLog
from tests.cli.nif import ROOT, nif, refusal

LINES = 6


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    for number in range(LINES):
        AuditLog(path).append(tenant="a", method="POST", status=200 + number)
    return path


@pytest.fixture
def anchor(log: Path) -> Anchor:
    checked = check(log)
    return Anchor(checked.lines, checked.last, "2026-01-01T00:00:00Z")


def rewrite(log: Path, change: Callable[[list[str]], list[str]]) -> None:
    log.write_text("".join(change(log.read_text().splitlines(keepends=True))))


def recomputed(lines: list[str]) -> list[str]:
    """The same entries with a chain of their own, as somebody would who can write the whole file."""
    made, previous = [], "0" * 64
    for text in lines:
        entry = {k: v for k, v in json.loads(text).items() if k != "hash"} | {"previous": previous}
        previous = line_hash(entry)
        made.append(json.dumps(entry | {"hash": previous}) + "\n")
    return made


def faults(log: Path, anchor: Anchor | None = None) -> list[tuple[int, str]]:
    return [(fault.line, fault.detail) for fault in check(log, anchor).faults]


def test_a_whole_log_is_whole_also_after_more_was_added(log, anchor):
    assert faults(log, anchor) == []
    AuditLog(log).append(status=1)
    assert faults(log, anchor) == []
    assert check(log).lines == LINES + 1


def test_a_changed_line_is_named(log):
    rewrite(log, lambda x: [*x[:2], x[2].replace("202", "500"), *x[3:]])
    [(line, detail)] = faults(log)
    assert line == 3
    assert "was changed" in detail


def test_a_removed_line_is_named_by_its_number(log):
    rewrite(log, lambda x: [*x[:2], *x[4:]])
    [(line, detail)] = faults(log)
    assert line == 3
    assert "numbers 3 to 4 are not there" in detail


def test_the_first_line_removed_is_named(log):
    rewrite(log, lambda x: x[1:])
    assert faults(log) == [(1, "follows a gap: number 1 is not there")]


def test_two_swapped_lines_are_named(log):
    rewrite(log, lambda x: [x[0], x[2], x[1], *x[3:]])
    assert faults(log) == [
        (2, "has the number 3 and stands before lower ones"),
        (3, "has the number 2 and stands behind number 3"),
    ]


def test_a_line_replaced_with_a_sound_hash_of_its_own_is_found(log):
    def replace(lines: list[str]) -> list[str]:
        entry = {k: v for k, v in json.loads(lines[2]).items() if k != "hash"} | {"tenant": "b"}
        return [*lines[:2], json.dumps(entry | {"hash": line_hash(entry)}) + "\n", *lines[3:]]

    rewrite(log, replace)
    assert faults(log) == [(4, "does not continue the line before it, which was replaced")]


@pytest.mark.parametrize(
    "text", ["{}\n", "[1]\n", "no json\n", '{"sequence": "3", "hash": "", "previous": ""}\n']
)
def test_what_is_no_line_is_named(log, text):
    rewrite(log, lambda x: [*x[:2], text, *x[3:]])
    assert (3, "is not a line of an audit log") in faults(log)


def test_a_cut_off_end_is_found_by_an_anchor_alone(log, anchor):
    rewrite(log, lambda x: x[:-1])
    assert faults(log) == []
    [(line, detail)] = faults(log, anchor)
    assert line == LINES
    assert "saw 6 lines, there are 5" in detail


def test_a_chain_computed_again_is_found_by_an_anchor_alone(log, anchor):
    rewrite(log, lambda x: recomputed([x[0], x[1].replace("201", "404"), *x[2:]]))
    assert faults(log) == []
    [(line, detail)] = faults(log, anchor)
    assert line == LINES
    assert "computed again" in detail


def test_a_log_begun_anew_is_found_by_an_anchor(log, anchor):
    log.unlink()
    for _ in range(LINES + 2):
        AuditLog(log).append(status=200)
    assert "computed again" in faults(log, anchor)[0][1]


def test_a_half_line_is_no_fault_and_no_entry(log):
    with log.open("a") as file:
        file.write('{"seq')
    checked = check(log)
    assert (checked.faults, checked.unfinished, checked.lines) == ((), True, LINES)


APPEND = """
import resource, signal, sys
from pathlib import Path
from service.audit_log import AuditLog
log, count, room = AuditLog(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
if room >= 0:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = log.path.stat().st_size + room
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
for number in range(count):
    log.append(status=number)
"""


def test_several_writers_make_one_chain(log):
    writers = [subprocess.Popen([sys.executable, "-c", APPEND, log, "25", "-1"], cwd=ROOT) for _ in range(4)]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    checked = check(log)
    assert (checked.lines, checked.faults) == (LINES + 4 * 25, ())


@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_full_disk_is_an_error_and_leaves_no_half_line(log, room):
    """The limit on the file's size stands for the disk: the kernel writes what fits, then refuses."""
    before = log.read_bytes()
    done = subprocess.run([sys.executable, "-c", APPEND, log, "1", str(room)], cwd=ROOT, capture_output=True)
    assert b"OSError" in done.stderr
    assert log.read_bytes() == before
    AuditLog(log).append(status=1)
    assert faults(log) == []


def test_the_command_verifies_against_a_signed_anchor(tmp_path, log):
    assert nif(tmp_path, "keys", "signing", "create", "ops").returncode == 0
    file = ("--file", "audit.jsonl")
    made = nif(tmp_path, "audit-log", "anchor", *file, "--signing-key", "ops.key")
    assert made.returncode == 0, made.stderr
    (tmp_path / "anchor.json").write_text(made.stdout)
    against = (*file, "--anchor", "anchor.json", "--key", "ops.pub")
    done = nif(tmp_path, "audit-log", "verify", *against)
    assert (done.returncode, done.stderr) == (0, "")
    assert "whole: 6 lines in one chain, and holds the 6 lines that the anchor saw" in done.stdout

    rewrite(log, lambda x: x[:-2])
    done = nif(tmp_path, "audit-log", "verify", *against)
    assert done.returncode == 1
    assert done.stdout.startswith("line 5 is missing")

    (tmp_path / "anchor.json").write_text(made.stdout.replace('"payload": "ey', '"payload": "eY'))
    done = nif(tmp_path, "audit-log", "verify", *against)
    assert done.returncode == 1
    assert "the anchor does not hold" in done.stderr


def test_the_command_says_what_cannot_be_checked(tmp_path, log):
    assert "there is no audit log" in refusal(nif(tmp_path, "audit-log", "verify"))
    (tmp_path / "anchor.json").write_text('{"count": 1}')
    said = nif(tmp_path, "audit-log", "verify", "--file", "audit.jsonl", "--anchor", "anchor.json")
    assert "no anchor of an audit log" in refusal(said)
    nif(tmp_path, "keys", "signing", "create", "ops")
    signed = nif(tmp_path, "audit-log", "anchor", "--file", "audit.jsonl", "--signing-key", "ops.key")
    (tmp_path / "anchor.json").write_text(signed.stdout)
    said = nif(tmp_path, "audit-log", "verify", "--file", "audit.jsonl", "--anchor", "anchor.json")
    assert "is signed; give the public key" in refusal(said)


def test_no_anchor_is_made_of_a_broken_log(tmp_path, log):
    rewrite(log, lambda x: [x[1]])
    done = nif(tmp_path, "audit-log", "anchor", "--file", "audit.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no anchor is made" in done.stderr
    said = json.loads(nif(tmp_path, "audit-log", "verify", "--file", "audit.jsonl", "--json").stdout)
    assert said["whole"] is False
    assert said["faults"][0]["line"] == 1
