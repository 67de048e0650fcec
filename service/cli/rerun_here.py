"""`nif verify --rerun`: the audit of a bundle made again on this machine, and compared."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from estimator.data.table import TableFormat
from estimator.errors import InvalidParameter, Place
from estimator.options import Options
from service.cli.analysis_options import Asked
from service.evidence.rerun import Rerun
from service.evidence.verification import Bundle
from service.report.text import shown, visible

BASELINE = "baseline.json"
MOST_PLACES = 10


def check_files(bundle: Bundle, files: Mapping[str, Path]) -> None:
    """Refuse before the work a rerun that lacks a file. files: by `model`, `data` and `baseline-model`."""
    if "model" not in files:
        raise _missing("--model", "")
    if "data" not in files and bundle.predicate.get("data_included") is None:
        raise _missing("--data", ": the data are not in the bundle")
    baseline = bundle.json("audit.json")["baseline"]
    if baseline and baseline.get("aligned_by") == "activations" and "baseline-model" not in files:
        raise _missing("--baseline-model", ": neurons were matched with the baseline's by what they do")


def rerun_here(bundle: Bundle, files: Mapping[str, Path]) -> Rerun:
    """Analyse and judge again as the bundle says, and compare."""
    from estimator.graph.describe import describe
    from estimator.graph.export import json as json_export
    from service.cli.network_input import network_of_json
    from service.cli.study_here import Given, study_here
    from service.evidence.rerun import compare_runs

    options, audit = bundle.json("options.json"), bundle.json("audit.json")
    policy = {name: value for name, value in audit["policy"].items() if name not in ("sha256", "file")}
    with tempfile.TemporaryDirectory(prefix="nif-verify-") as folder:
        data = files.get("data") or _included(bundle, Path(folder))
        ask = Asked(
            files["model"], data, TableFormat(**options["table"]), Options.from_dict(options["analysis"])
        )
        sides = [Given(ask=ask)]
        if BASELINE in bundle.members:
            path = Path(folder) / BASELINE
            path.write_bytes(bundle.members[BASELINE])
            sides.append(Given(network=network_of_json(path), model=files.get("baseline-model")))
        studied = study_here("audit", sides, {"policy": policy})
    network = studied.networks[0]
    now = json.loads(b"".join(json_export(network, describe(network))))
    return compare_runs(bundle.json("network.json"), now, audit, studied.document)


def rerun_lines(again: Rerun) -> Iterator[str]:
    """What came out, in words."""
    if again.same:
        yield "rerun     the same numbers to the last bit, and the same verdicts"
        return
    for name, deviation in again.fields.items():
        values = "1 value differs" if deviation.differ == 1 else f"{deviation.differ:,} values differ"
        yield f"rerun     {name}: {values}, by at most {deviation.largest:.3g}; first {deviation.first}"
    for place in again.other[:MOST_PLACES]:
        yield f"rerun     differs at {shown(place, 120)}"
    if len(again.other) > MOST_PLACES:
        yield f"rerun     and at {len(again.other) - MOST_PLACES:,} other places"
    for id, was, now in again.verdicts:
        yield f"rerun     rule {shown(id)}: {was} then, {now} now"
    for name, was, now in again.reasons:
        yield f"because   {name}: {visible(was)} then, {visible(now)} now"
    if again.reasons:
        yield "result    the bundle holds; run again on what is installed here the numbers are other ones"
    else:
        yield "result    the bundle holds, and its numbers do not come out again on equal versions and device"


def _included(bundle: Bundle, folder: Path) -> Path:
    """The data of the bundle, in a file."""
    name = str(bundle.predicate["data_included"])
    path = folder / name
    path.write_bytes(bundle.members[name])
    return path


def _missing(option: str, why: str) -> InvalidParameter:
    detail = f"--rerun needs {option}{why}"
    return InvalidParameter(detail, errors=[Place(detail, field=option)])
