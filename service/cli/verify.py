"""`nif verify`: whether a bundle is what was signed, and on request whether it comes out the same again."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from estimator.data.table import TableLimits
from service.cli.exits import complain, write
from service.cli.input_files import usable_file
from service.cli.model_input import model_file
from service.evidence.refusal import NotVerified
from service.evidence.rerun import Rerun
from service.evidence.verification import Bundle
from service.report.text import shown, visible

HOLDS, BROKEN, CANNOT_TELL = 0, 1, 2


@click.command("verify")
@click.argument("bundle")
@click.option("--key", required=True, metavar="FILE", help="The public key of whom you trust to have signed.")
@click.option("--model", metavar="FILE", help="Check that the bundle is about this model.")
@click.option("--data", metavar="FILE", help="Check that the bundle is about this table.")
@click.option("--baseline-model", metavar="FILE", help="Check that the baseline is of this model.")
@click.option("--rerun", is_flag=True, help="Analyse again, and compare every number and verdict.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(bundle: str, key: str, rerun: bool, as_json: bool, **named: str | None) -> None:
    """Check BUNDLE, the signed evidence of an audit (nif audit --bundle).

    Exit code 0: every byte is as signed (and with --rerun, every number is the same). 1: it is not; what was
    changed is named. 2: it could not be checked, or a rerun differs on other versions or another device.

    \b
      nif verify out.nif.zip --key auditor.pub
      nif verify out.nif.zip --key auditor.pub --rerun --model model.onnx --data table.csv
    """
    from service.cli.rerun_here import check_files, rerun_here, rerun_lines
    from service.evidence.archive import LARGEST_BUNDLE
    from service.evidence.signing import MOST_BYTES, read_public_key
    from service.evidence.verification import check_subject, read_bundle, verify_bundle

    content = read_bundle(usable_file(bundle, "BUNDLE", LARGEST_BUNDLE))
    trusted = read_public_key(usable_file(key, "--key", MOST_BYTES))
    files = dict(_files(named))
    try:
        found = verify_bundle(content, trusted)
        for name, path in files.items():
            check_subject(found, name, path)
    except NotVerified as refusal:
        if as_json:
            write(
                json.dumps({"verified": False, "member": refusal.member, "detail": refusal.detail}, indent=1)
            )
        complain(f"{shown(bundle, 120)} does not hold: {refusal}")
        raise click.exceptions.Exit(BROKEN) from None
    if rerun:
        check_files(found, files)
    again = rerun_here(found, files) if rerun else None
    code = HOLDS if again is None or again.same else CANNOT_TELL if again.reasons else BROKEN
    if as_json:
        write(json.dumps(_document(found, again), indent=1))
    else:
        for line in [*_lines(found, files), *([] if again is None else rerun_lines(again))]:
            write(line)
    if code:
        raise click.exceptions.Exit(code)


def _files(named: Mapping[str, str | None]) -> Iterator[tuple[str, Path]]:
    """By `model`, `data` and `baseline-model`, those that are given."""
    for option, path in named.items():
        name = option.replace("_", "-")
        if path is not None:
            is_data = name == "data"
            most = TableLimits().file_bytes
            yield name, usable_file(path, "--data", most) if is_data else model_file(path, f"--{name}")


def _lines(bundle: Bundle, files: dict[str, Path]) -> Iterator[str]:
    said = bundle.predicate
    yield f"holds     every byte is as signed by {bundle.key_id}"
    yield f"verdict   {said['verdict']}, by the policy {shown(str(said['policy']['name']))}"
    yield f"made at   {visible(str(said['made_at']))}"
    for name in ("model", "data"):
        yield f"{name:<9} {bundle.sha256(name)}" + (" (the file given)" if name in files else "")


def _document(bundle: Bundle, again: Rerun | None) -> dict[str, Any]:
    return {
        "verified": True,
        "key": bundle.key_id,
        "statement": dict(bundle.statement),
        "rerun": None
        if again is None
        else {
            "same": again.same,
            "fields": {
                name: {"differ": d.differ, "largest": d.largest, "first": d.first}
                for name, d in again.fields.items()
            },
            "other": list(again.other),
            "verdicts": [list(v) for v in again.verdicts],
            "reasons": [list(r) for r in again.reasons],
        },
    }
