"""`nif audit --bundle`: the signed evidence of the run."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from estimator.errors import InvalidParameter, Place
from service.cli.audit_sinks import AuditRun
from service.cli.input_files import usable_file
from service.report.rendering import write_whole
from service.report.text import shown, visible


def prepare(values: Mapping[str, Any]) -> None:
    """Refuse before the analysis what cannot be signed or written."""
    from service.evidence.signing import MOST_BYTES, read_signing_key

    if values["network"] is not None or values["model"] is None:
        detail = "--bundle signs what was computed here: give MODEL and DATA, and no --network"
        raise _refuse(detail, "--bundle")
    if not values["signing_key"]:
        raise _refuse("--signing-key is missing; `nif keys signing create` makes a key", "--signing-key")
    read_signing_key(usable_file(values["signing_key"], "--signing-key", MOST_BYTES))
    path = Path(values["bundle"])
    if path.is_dir():
        raise _refuse(f"--bundle {shown(str(path), 120)} is a folder; name a file", "--bundle")
    if not path.absolute().parent.is_dir():
        raise _refuse(f"--bundle {shown(str(path), 120)}: there is no such folder", "--bundle")


def write(run: AuditRun, values: Mapping[str, Any]) -> Iterable[str]:
    """Write the bundle; one line that names it and the key."""
    from service.evidence.bundle import bundle_bytes
    from service.evidence.signing import read_signing_key

    if run.ask is None:
        raise AssertionError("prepare() let a run without MODEL and DATA pass")
    data = run.ask.data.read_bytes() if values["include_data"] else None
    if data is not None and sha256(data).hexdigest() != run.network.provenance["data_sha256"]:
        raise _refuse("DATA was changed while it was analysed; run the audit again", "DATA")
    key = read_signing_key(Path(values["signing_key"]))
    content = bundle_bytes(
        document=run.document,
        network=run.network,
        options=run.ask.options,
        table_format=run.ask.table_format,
        log=run_log(run),
        made_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        key=key,
        policy=run.policy_text,
        baseline=run.baseline,
        data=data,
    )
    path = Path(values["bundle"])
    write_whole(path, lambda file: file.write(content))
    return [f"bundle    {shown(str(path), 300)}, signed by {key.public.id}"]


def run_log(run: AuditRun) -> str:
    """What the run did and said, a line each; no cell of the data and no path."""
    record = run.network.provenance
    lines = [
        f"analysed {record['rows']:,} rows, model {record['model_sha256']}, data {record['data_sha256']}"
    ]
    lines += [f"phase {name}: {seconds:.3f} s" for name, seconds in run.seconds.items()]
    lines += [f"warning: {visible(str(text))}" for text in record.get("warnings", ())]
    lines += [
        f"rule {visible(rule['id'])}: {rule['verdict']}: {visible(rule['reason'])}"
        for rule in run.document["rules"]
    ]
    lines.append(f"verdict: {run.document['verdict']}")
    return "\n".join(lines) + "\n"


def _refuse(detail: str, field: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
