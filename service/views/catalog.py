"""Models, datasets and analyses, straight to plain values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from estimator.network import FlowNetwork, neuron_id
from service.catalog import AnalysisRecord, Upload, UploadKind
from service.jobs.queue import JobQueue
from service.jobs.state import JobState
from service.parts import Parts
from service.stores.protocol import AnalysisNotStored, GraphStore, StoreUnavailable

Json = Mapping[str, Any]
SCANNED_AT_ONCE = 500


@dataclass(frozen=True)
class Listing:
    """Rows of a page; after: what the next page goes on from, None at the end; total: on all pages."""

    items: list[Any]
    after: tuple[Any, ...] | None
    total: int | None


def upload(parts: Parts, kind: UploadKind, tenant: str, sha256: str) -> Json:
    """One model or dataset."""
    return uploaded(parts.catalog.upload(kind, tenant, sha256))


def uploads(
    parts: Parts, kind: UploadKind, tenant: str, after: tuple[Any, ...] | None, limit: int
) -> Listing:
    """The tenant's models or datasets, the newest first."""
    rows, total = parts.catalog.uploads(kind, tenant, after[0] if after else None, limit + 1)
    more = (rows[limit - 1].number,) if len(rows) > limit else None
    return Listing([uploaded(row) for row in rows[:limit]], more, total)


def analysis(parts: Parts, tenant: str, analysis_id: str) -> Json:
    """An analysis with its job's state; with a summary of the network when done."""
    record = parts.catalog.analysis(analysis_id, tenant)
    state = parts.queue.state(analysis_id)
    found = dict(_analysis(record, state))
    if state is not None and state.status == "done":
        found["summary"] = _summary(parts.store, analysis_id)
    return found


def analyses(
    parts: Parts,
    tenant: str,
    *,
    status: str | None,
    model_id: str | None,
    dataset_id: str | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Listing:
    """The newest first. The queue knows the statuses, so ids are looked at until a page is full."""
    before = after[0] if after else None
    if status is None:
        rows = parts.catalog.analyses(tenant, model_id, dataset_id, before, limit + 1)
    else:
        ids = parts.catalog.analysis_ids(tenant, model_id, dataset_id, before)
        rows = parts.catalog.analyses_of(_with_status(parts.queue, ids, status, limit + 1))
    more = (rows[limit - 1].number,) if len(rows) > limit else None
    states = parts.queue.states([row.id for row in rows[:limit]])
    shown = [_analysis(row, states.get(row.id)) for row in rows[:limit]]
    # A job may have gone on since its status was looked up.
    return Listing([item for item in shown if status in (None, item["status"])], more, None)


def _with_status(queue: JobQueue, ids: list[str], status: str, most: int) -> list[str]:
    """The first `most` of the ids whose job has the status."""
    found: list[str] = []
    for start in range(0, len(ids), SCANNED_AT_ONCE):
        part = ids[start : start + SCANNED_AT_ONCE]
        statuses = queue.statuses(part)
        found += [job_id for job_id in part if statuses.get(job_id, "queued") == status]
        if len(found) >= most:
            break
    return found[:most]


def _summary(store: GraphStore, analysis_id: str) -> Json | None:
    """None while the store cannot give it; the status itself does not depend on the store."""
    try:
        return _remembered_summary(store, analysis_id)  # type: ignore[arg-type]  # hashed by identity
    except (AnalysisNotStored, StoreUnavailable):
        return None


# A stored network never changes, and ids are never used again: what is remembered stays true.
@lru_cache(maxsize=1024)
def _remembered_summary(store: GraphStore, analysis_id: str) -> Json:
    return summary(store.network(analysis_id))


def summary(network: FlowNetwork) -> Json:
    """What a newcomer wants to know of a network first."""
    return {
        "rows": network.provenance.get("rows"),
        "layers": [
            {"index": layer.index, "name": layer.name, "kind": layer.kind, "neurons": layer.size}
            for layer in network.layers
        ],
        "edges_measured": network.edges_measured,
        "edges_kept": network.edges_kept,
        "silent": [
            {"neuron": neuron_id(layer.index, index), "name": layer.neurons[index], "silent": kind}
            for layer, kinds in zip(network.layers, network.silent, strict=True)
            for index, kind in enumerate(kinds)
            if kind is not None
        ],
        "probes": [probe.name for probe in network.probes],
        "warnings": list(network.provenance.get("warnings", ())),
        "provenance": dict(network.provenance),
    }


def uploaded(row: Upload) -> Json:
    """A model or dataset as its row says; the row of an upload is shown so even if it was deleted since."""
    return {
        "id": row.sha256,
        "sha256": row.sha256,
        "size": row.size,
        "created_at": row.created_at,
        **row.description,
    }


def _analysis(record: AnalysisRecord, state: JobState | None) -> Json:
    return {
        "id": record.id,
        **job_fields(state),
        "model_id": record.model_sha256,
        "dataset_id": record.dataset_sha256,
        "format": asdict(record.table_format),
        "options": record.options.as_dict(),
        "created_at": record.created_at,
    }


def job_fields(state: JobState | None) -> dict[str, Any]:
    """What the queue says of a job; None: it is on its way into the queue."""
    state = state or JobState(status="queued")
    return {
        "status": state.status,
        "phase": state.phase,
        "done": state.done,
        "total": state.total,
        "eta_seconds": state.eta_seconds,
        "attempts": state.attempts,
        "problem": state.problem,
        "started_at": _time(state.started_at),
        "finished_at": _time(state.finished_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
