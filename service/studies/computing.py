"""In the child: load what a study is of, compute it, leave its document in a file.

The document is the kind's own, and beside it `kind` and `of`: for each side the analysis's id (None on the
command line) and the hashes of model and data. It holds plain JSON values, no NaN and no infinity.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from estimator.data.table import TableFormat
from estimator.errors import InvalidParameter, LimitExceeded, Place
from estimator.options import Options
from estimator.progress import Progress
from service.jobs.estimating import Source
from service.limits import STUDY_BYTES
from service.studies.kinds import KINDS, Side

STUDY = "study.json"


@dataclass(frozen=True)
class SideSource:
    """Where a side is found. network: a file of estimator/network_file.py, or None for the store's.

    analysis_id: of the stored network. model, data: the files, or None where they are not at hand; data only
    beside a model, and with its table_format and the options of the analysis.
    """

    network: Path | None = None
    analysis_id: str | None = None
    model: Source | None = None
    data: Source | None = None
    table_format: TableFormat | None = None
    options: Options | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "network": None if self.network is None else str(self.network),
            "analysis_id": self.analysis_id,
            "model": None if self.model is None else self.model.as_dict(),
            "data": None if self.data is None else self.data.as_dict(),
            "format": None if self.table_format is None else asdict(self.table_format),
            "options": None if self.options is None else self.options.as_dict(),
        }


def study_request(
    kind: str,
    sides: Sequence[SideSource],
    options: Mapping[str, Any],
    folder: Path,
    store: str | None = None,
    login: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the parent sends; plain JSON values. store, login: where networks without a file are."""
    return {
        "kind": kind,
        "sides": [side.as_dict() for side in sides],
        "options": dict(options),
        "folder": str(folder),
        "store": store,
        "login": dict(login or {}),
    }


def study(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compute it; returns the sha256 of the document's file, which is whole and durable then.

    verdict: of an audit, else None.
    """
    # Set here and not by the parent: what a process was started with, others may read in /proc.
    os.environ.update(request["login"])
    kind, given = KINDS[request["kind"]], request["sides"]
    sides = []
    for number, side in enumerate(given):
        progress("reading", number, len(given))
        sides.append(_load(side, request["store"], reads_files=len(given) >= kind.reads_files_of))
    progress("reading", len(given), len(given))
    found = kind.compute(sides, request["options"], progress)
    own = {"kind": kind.name, "of": [_origin(*both) for both in zip(sides, given, strict=True)]}
    document = own | found | own  # these two first, and whatever the kind says
    sha256 = _save(document, Path(request["folder"]) / STUDY)
    return {"sha256": sha256, "verdict": document.get("verdict")}


def load_document(path: Path) -> dict[str, Any]:
    """The document that `study` left."""
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def _load(given: dict[str, Any], store: str | None, *, reads_files: bool) -> Side:
    from estimator.data.read import read_table
    from estimator.network_file import load_network

    if given["network"] is not None:
        network = load_network(Path(given["network"]))
    else:
        network = _stored(str(store), given["analysis_id"])
    if not reads_files or given["model"] is None:
        return Side(network)
    model = _source(given["model"]).verified_bytes()
    _check_same("model", network.provenance.get("model_sha256"), model)
    if given["data"] is None:
        return Side(network, model)
    data = _source(given["data"]).verified_bytes()
    _check_same("data", network.provenance.get("data_sha256"), data)
    table = read_table(data, TableFormat(**given["format"]))
    return Side(network, model, table, Options.from_dict(given["options"]))


def _stored(store: str, analysis_id: str) -> Any:
    from service.stores.open import open_store

    graph = open_store(store)
    try:
        return graph.network(analysis_id)
    finally:
        graph.close()


def _source(given: dict[str, Any]) -> Source:
    return Source(Path(given["path"]), given["sha256"])


def _check_same(noun: str, recorded: object, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if recorded not in (None, found):
        detail = (
            f"the network was made of another {noun}: it records the sha256 {recorded}, and the {noun} given "
            f"has {found}; give the {noun} that the network was made of, or analyse this one"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field=noun)])


def _origin(side: Side, given: dict[str, Any]) -> dict[str, Any]:
    record = side.network.provenance
    hashes = {name: record.get(name) for name in ("model_sha256", "data_sha256")}
    return {"analysis_id": given["analysis_id"], **hashes}


def _save(document: dict[str, Any], path: Path) -> str:
    data = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(data) > STUDY_BYTES:
        raise LimitExceeded(
            f"What was found takes {len(data):,} bytes; the limit is {STUDY_BYTES:,}: study fewer neurons"
        )
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(data).hexdigest()
