"""`nif audit-log`: whether the service's audit log is whole."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from estimator.errors import NotFound
from service.audit_chain import Anchor, Checked, check
from service.cli.exits import complain, write
from service.cli.input_files import usable_file
from service.report.text import shown
from service.settings import load_settings

BROKEN = 1
_FILE = click.option("--file", "file", metavar="FILE", help="The log; default: audit.jsonl in NIF_DATA_DIR.")


@click.group("audit-log")
def command() -> None:
    """Check the service's audit log, and make anchors to be kept elsewhere.

    Each line holds the hash of the one before. A cut-off end, or a chain that was computed again, is found
    only against an anchor that whoever can write the log cannot reach.

    \b
      nif audit-log verify
      nif audit-log anchor > /mnt/elsewhere/anchor.json
      nif audit-log verify --anchor /mnt/elsewhere/anchor.json
    """


@command.command("verify")
@_FILE
@click.option("--anchor", "anchor_file", metavar="FILE", help="An earlier anchor, kept elsewhere.")
@click.option("--key", metavar="FILE", help="The public key that signed the anchor.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def verify(file: str | None, anchor_file: str | None, key: str | None, as_json: bool) -> None:
    """Say which lines were changed, removed or moved. Exit code 0: none, 1: some, 2: it cannot be checked."""
    from service.evidence.refusal import NotVerified

    path = _path(file)
    try:
        anchor = _anchor(anchor_file, key)
    except NotVerified as refusal:
        complain(f"the anchor does not hold: {refusal}")
        raise click.exceptions.Exit(BROKEN) from None
    checked = check(_there(path), anchor)
    if as_json:
        write(json.dumps({"whole": not checked.faults, **asdict(checked)}, indent=1))
    else:
        _tell(path, checked, anchor)
    if checked.faults:
        raise click.exceptions.Exit(BROKEN)


@command.command("anchor")
@_FILE
@click.option("--signing-key", metavar="FILE", help="Sign it with this key (nif keys signing create).")
def anchor(file: str | None, signing_key: str | None) -> None:
    """Print an anchor: how many lines the log has, and the hash of the last. Keep it where the log is not."""
    checked = check(_there(_path(file)))
    if checked.faults:
        first = checked.faults[0]
        complain(f"the log is not whole, and no anchor is made: line {first.line} {first.detail}")
        raise click.exceptions.Exit(BROKEN)
    made = Anchor(checked.lines, checked.last, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if signing_key is None:
        write(json.dumps(asdict(made)))
        return
    from service.evidence.anchor import anchor_text
    from service.evidence.signing import MOST_BYTES, read_signing_key

    key = read_signing_key(usable_file(signing_key, "--signing-key", MOST_BYTES))
    write(anchor_text(made, key).rstrip("\n"))


def _path(file: str | None) -> Path:
    return Path(file) if file is not None else load_settings().data_dir / "audit.jsonl"


def _there(path: Path) -> Path:
    if not path.is_file():
        raise NotFound(
            f"there is no audit log {shown(str(path), 200)}: it was never written, or it was removed"
        )
    return path


def _anchor(file: str | None, key: str | None) -> Anchor | None:
    if file is None:
        if key is not None:
            raise click.UsageError("--key is for a signed anchor; give --anchor, too")
        return None
    from service.evidence.anchor import MOST_BYTES, read_anchor
    from service.evidence.signing import MOST_BYTES as MOST_OF_KEY
    from service.evidence.signing import read_public_key

    trusted = None if key is None else read_public_key(usable_file(key, "--key", MOST_OF_KEY))
    path = usable_file(file, "--anchor", MOST_BYTES)
    return read_anchor(path.read_bytes(), trusted, path.name)


def _tell(path: Path, checked: Checked, anchor: Anchor | None) -> None:
    name = shown(str(path), 200)
    for fault in checked.faults:
        write(f"line {fault.line} {fault.detail}")
    if checked.unfinished:
        write(f"{name} ends with a half line, as a crash leaves it; it holds no entry")
    if checked.faults:
        write(f"{name} is not whole: {len(checked.faults)} faults in {checked.lines:,} lines")
        return
    since = "" if anchor is None else f", and holds the {anchor.count:,} lines that the anchor saw"
    write(f"{name} is whole: {checked.lines:,} lines in one chain{since}")
    if anchor is None:
        write("whether its end was cut off, an anchor would tell (nif audit-log anchor)")
