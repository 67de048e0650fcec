"""`nif verify`: whether a bundle is what was signed, and on request whether it comes out the same again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from estimator.data.table import TableFormat, TableLimits
from estimator.errors import InvalidParameter, Place
from estimator.model.limits import ModelLimits
from estimator.options import Options
from service.cli.analysis_options import Asked
from service.cli.exits import complain, write
from service.cli.input_files import usable_file
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
@click.option("--rerun", is_flag=True, help="Analyse again, and compare every number and verdict.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(bundle: str, key: str, model: str | None, data: str | None, rerun: bool, as_json: bool) -> None:
    """Check BUNDLE, the signed evidence of an audit (nif audit --bundle).

    Exit code 0: every byte is as signed (and with --rerun, every number is the same). 1: it is not; what was
    changed is named. 2: it could not be checked, or a rerun differs on other versions or another device.

    \b
      nif verify out.nif.zip --key auditor.pub
      nif verify out.nif.zip --key auditor.pub --rerun --model model.onnx --data table.csv
    """
    from service.evidence.archive import LARGEST_BUNDLE
    from service.evidence.signing import MOST_BYTES, read_public_key
    from service.evidence.verification import check_subject, read_bundle, verify_bundle

    if rerun and model is None:
        raise InvalidParameter(
            "--rerun needs --model", errors=[Place("--rerun needs --model", field="--model")]
        )
    content = read_bundle(usable_file(bundle, "BUNDLE", LARGEST_BUNDLE))
    trusted = read_public_key(usable_file(key, "--key", MOST_BYTES))
    files = {
        name: usable_file(path, f"--{name}", most)
        for name, path, most in (
            ("model", model, ModelLimits().bytes),
            ("data", data, TableLimits().file_bytes),
        )
        if path is not None
    }
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
    again = _again(found, files) if rerun else None
    code = HOLDS if again is None or again.same else CANNOT_TELL if again.reasons else BROKEN
    if as_json:
        write(json.dumps(_document(found, again), indent=1))
    else:
        for line in [*_lines(found, files), *([] if again is None else _rerun_lines(again))]:
            write(line)
    if code:
        raise click.exceptions.Exit(code)


def _again(bundle: Bundle, files: dict[str, Path]) -> Rerun:
    """Analyse and judge again as the bundle says, and compare."""
    import tempfile

    from estimator.graph.describe import describe
    from estimator.graph.export import json as json_export
    from service.cli.network_input import network_of_json
    from service.cli.study_here import Given, study_here
    from service.evidence.rerun import compare_runs

    options = bundle.json("options.json")
    audit = bundle.json("audit.json")
    policy = {name: value for name, value in audit["policy"].items() if name not in ("sha256", "file")}
    with tempfile.TemporaryDirectory(prefix="nif-verify-") as folder:
        data = files.get("data") or _included(bundle, Path(folder))
        ask = Asked(
            files["model"], data, TableFormat(**options["table"]), Options.from_dict(options["analysis"])
        )
        sides = [Given(ask=ask)]
        if "baseline.json" in bundle.members:
            path = Path(folder) / "baseline.json"
            path.write_bytes(bundle.members["baseline.json"])
            sides.append(Given(network=network_of_json(path)))
        studied = study_here("audit", sides, {"policy": policy})
    network = studied.networks[0]
    now = json.loads(b"".join(json_export(network, describe(network))))
    return compare_runs(bundle.json("network.json"), now, audit, studied.document)


def _included(bundle: Bundle, folder: Path) -> Path:
    name = bundle.predicate.get("data_included")
    if name is None:
        detail = "--rerun needs --data: the data are not in the bundle"
        raise InvalidParameter(detail, errors=[Place(detail, field="--data")])
    path = folder / str(name)
    path.write_bytes(bundle.members[str(name)])
    return path


def _lines(bundle: Bundle, files: dict[str, Path]) -> Iterator[str]:
    said = bundle.predicate
    yield f"holds     every byte is as signed by {bundle.key_id}"
    yield f"verdict   {said['verdict']}, by the policy {shown(str(said['policy']['name']))}"
    yield f"made at   {visible(str(said['made_at']))}"
    for name in ("model", "data"):
        yield f"{name:<9} {bundle.sha256(name)}" + (" (the file given)" if name in files else "")


def _rerun_lines(again: Rerun) -> Iterator[str]:
    if again.same:
        yield "rerun     the same numbers to the last bit, and the same verdicts"
        return
    for name, deviation in again.fields.items():
        values = "1 value differs" if deviation.differ == 1 else f"{deviation.differ:,} values differ"
        yield f"rerun     {name}: {values}, by at most {deviation.largest:.3g}; first {deviation.first}"
    for place in again.other[:10]:
        yield f"rerun     differs at {shown(place, 120)}"
    if len(again.other) > 10:
        yield f"rerun     and at {len(again.other) - 10:,} other places"
    for id, was, now in again.verdicts:
        yield f"rerun     rule {shown(id)}: {was} then, {now} now"
    for name, was, now in again.reasons:
        yield f"because   {name}: {visible(was)} then, {visible(now)} now"
    if again.reasons:
        yield "result    the bundle holds; run again on what is installed here the numbers are other ones"
    else:
        yield "result    the bundle holds, and its numbers do not come out again on equal versions and device"


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
