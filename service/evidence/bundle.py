"""The bundle of an audit: what was found, how, and of which model and data, in one signed file.

| member                | what it is |
|---|---|
| attestation.dsse.json | the signed statement: hashes of the model, the data and every other member |
| index.html            | a page for people |
| audit.json            | verdicts, rule by rule |
| network.json          | the flow network that was judged; baseline.json the one it was held against |
| options.json          | options of the analysis and how the table was read |
| policy.yaml           | the policy as it was given |
| run.log               | what the run said |
| data.csv (npy ...)    | the data, only where that was asked for |
"""

import json
from collections.abc import Mapping
from typing import Any

from estimator.data.table import TableFormat
from estimator.network import FlowNetwork
from estimator.options import Options
from service.evidence.archive import archive_of
from service.evidence.envelope import MEMBER, seal
from service.evidence.page import evidence_page
from service.evidence.signing import SigningKey
from service.evidence.statement import statement


def bundle_bytes(
    *,
    document: Mapping[str, Any],
    network: FlowNetwork,
    options: Options,
    table_format: TableFormat,
    log: str,
    made_at: str,
    key: SigningKey,
    policy: bytes | None = None,
    baseline: FlowNetwork | None = None,
    data: bytes | None = None,
) -> bytes:
    """The bundle's bytes; the same for the same content.

    document: the audit's (`service.policies.Audit.document`). log: lines without a cell of the data.
    made_at: when, in UTC, as RFC 3339 has it. policy: its file's bytes. data: the table's bytes, where they
    shall be in the bundle. Model, data and versions are those of the network's record.
    """
    record = network.provenance
    reading = {name: getattr(table_format, name) for name in ("kind", "delimiter", "decimal", "header")}
    data_member = None if data is None else f"data.{table_format.kind}"
    predicate = {
        "verdict": document["verdict"],
        "policy": {key: document["policy"].get(key) for key in ("name", "sha256")},
        "made_at": made_at,
        "versions": dict(record.get("versions", {})),
        "device": record.get("device"),
        "seed": record.get("seed"),
        "rows": record.get("rows"),
        "data_included": data_member,
    }
    members = {
        "audit.json": _json(document),
        "network.json": _network_json(network),
        "options.json": _json({"analysis": options.as_dict(), "table": reading}),
        "run.log": log.encode(),
    }
    if policy is not None:
        members["policy.yaml"] = policy
    if baseline is not None:
        members["baseline.json"] = _network_json(baseline)
    if data is not None and data_member is not None:
        members[data_member] = data
    hashes = str(record["model_sha256"]), str(record["data_sha256"])
    members["index.html"] = evidence_page(document, predicate, members, hashes, key.public.id).encode()
    members[MEMBER] = seal(statement(*hashes, predicate, members), key)
    return archive_of(members)


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, indent=1, allow_nan=False).encode() + b"\n"


def _network_json(network: FlowNetwork) -> bytes:
    from estimator.graph.describe import describe
    from estimator.graph.export import json as json_export

    return b"".join(json_export(network, describe(network)))
