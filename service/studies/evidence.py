"""The signed bundle of a finished audit, as `nif audit --bundle` makes it, with the service's own key."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from estimator.network import FlowNetwork
from service.errors import Conflict, NotAcceptable
from service.parts import Parts
from service.report.text import visible


def audit_bundle(parts: Parts, tenant: str, audit_id: str) -> bytes:
    """The bundle; the same bytes each time. NotFound, Conflict until the audit is done.

    NotAcceptable on a service that has no signing key.
    """
    record = parts.catalog.study(audit_id, tenant, "audit")
    state = parts.queue.state(audit_id)
    if state is None or state.status != "done":
        status = "queued" if state is None else state.status
        raise Conflict(f"The audit is {status}; its evidence can be had when it is done")
    if not parts.settings.signing_key:
        raise NotAcceptable(
            "This service has no key to sign evidence with (NIF_SIGNING_KEY), so it gives no bundles; "
            "`nif audit --bundle` makes one with a key of yours"
        )
    from service.evidence.bundle import bundle_bytes
    from service.evidence.signing import read_signing_key

    analysis = parts.catalog.analysis(record.analysis_id, tenant)
    network = parts.store.network(record.analysis_id)
    document = parts.store.study(audit_id)
    finished = state.finished_at or datetime.fromisoformat(record.created_at)
    return bundle_bytes(
        document=document,
        network=network,
        options=analysis.options,
        table_format=analysis.table_format,
        log="".join(f"{line}\n" for line in _log(document, network, record.id)),
        made_at=finished.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        key=read_signing_key(Path(parts.settings.signing_key)),
        baseline=None if record.other_analysis_id is None else parts.store.network(record.other_analysis_id),
    )


def _log(document: Mapping[str, Any], network: FlowNetwork, audit_id: str) -> Iterator[str]:
    """What was done and said, a line each; no cell of the data."""
    record = network.provenance
    yield f"audit {audit_id}"
    yield f"analysed {record['rows']:,} rows, model {record['model_sha256']}, data {record['data_sha256']}"
    for text in record.get("warnings", ()):
        yield f"warning: {visible(str(text))}"
    for rule in document["rules"]:
        yield f"rule {visible(rule['id'])}: {rule['verdict']}: {visible(rule['reason'])}"
    yield f"verdict: {document['verdict']}"
