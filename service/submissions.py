"""Asking for an analysis: checked, recorded, put into the queue; a 202 is durable.

1. What the bytes alone can tell is checked, so that a job in the queue can be expected to work.
2. One transaction records the analysis and its Idempotency-Key (and, one-shot, the model and the dataset).
3. The queue takes it. A crash between 2 and 3 is healed by `enqueue_waiting` at the next start, or by the
   client's retry with the same key; an error there takes the record back.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import structlog

from estimator.data.read import read_table
from estimator.data.table import TableFormat
from estimator.errors import BlobCorrupt, InvalidParameter, NotFound, Place
from estimator.model.read import read_model
from estimator.options import Options
from service.blobs import Staged
from service.catalog import AnalysisRecord, Idempotency, StudyRecord, UploadKind
from service.catalog.analyses import find_replay, insert_analysis
from service.catalog.uploads import check_quota, insert_upload
from service.cost import Cost
from service.errors import RateLimited
from service.fitted import Fit, check_options, cost_of_fit, fit, key_of
from service.intake import (
    describe_model,
    describe_table,
    quota_of,
    read_stored_model,
    read_stored_table,
    refuse_other_format,
)
from service.jobs.database import QueueUnavailable
from service.limits import Limits
from service.parts import Parts

log = structlog.get_logger("nif.api")

BUSY_RETRY_SECONDS = 30
Record = TypeVar("Record", AnalysisRecord, StudyRecord)


@dataclass(frozen=True)
class Request:
    """What a client asks for. table_format: None is the dataset's own (or CSV, one-shot)."""

    options: Options = field(default_factory=Options)
    table_format: TableFormat | None = None
    idempotency_key: str | None = None


def submit_analysis(
    parts: Parts, tenant: str, model_id: str, dataset_id: str, asked: Request
) -> AnalysisRecord:
    """An analysis of a stored model and a stored dataset."""
    idempotency = _idempotency(asked, model_id, dataset_id, parts.limits)
    known = parts.catalog.replay(tenant, idempotency) if idempotency else None
    if known is None:
        table_format, _ = _checked(parts, tenant, model_id, dataset_id, asked)
        refuse_when_full(parts, tenant)
        with parts.catalog.writing() as db:
            known = find_replay(db, tenant, idempotency) if idempotency else None
            if known is None:
                known = insert_analysis(
                    db, str(uuid4()), tenant, model_id, dataset_id, table_format, asked.options, idempotency
                )
    return enqueue(parts, known)


def submit_files(parts: Parts, tenant: str, model: Staged, dataset: Staged, asked: Request) -> AnalysisRecord:
    """An analysis of files that come with the request; they become a model and a dataset of the tenant."""
    try:
        idempotency = _idempotency(asked, model.blob.sha256, dataset.blob.sha256, parts.limits)
        known = parts.catalog.replay(tenant, idempotency) if idempotency else None
        if known is None:
            table_format = asked.table_format or TableFormat()
            plan = read_model(model.read_bytes(), parts.limits.model)
            table = read_table(dataset.path, table_format, parts.limits.table)
            check_options(asked.options, parts.limits)
            cost_of_fit(fit(plan, table, asked.options), asked.options)
            refuse_when_full(parts, tenant)
            with parts.catalog.writing() as db:
                known = find_replay(db, tenant, idempotency) if idempotency else None
                if known is None:
                    files: dict[UploadKind, Staged] = {"models": model, "datasets": dataset}
                    check_quota(db, tenant, files, quota_of(parts.limits))
                    parts.blobs.keep(model)
                    parts.blobs.keep(dataset)
                    insert_upload(db, "models", tenant, model, describe_model(plan))
                    upload = insert_upload(
                        db, "datasets", tenant, dataset, describe_table(table, table_format)
                    )
                    if asked.table_format is None:
                        refuse_other_format(upload, table_format)
                    ids = (model.blob.sha256, dataset.blob.sha256)
                    known = insert_analysis(
                        db, str(uuid4()), tenant, *ids, table_format, asked.options, idempotency
                    )
    finally:
        model.discard()
        dataset.discard()
    return enqueue(parts, known)


def estimate(parts: Parts, tenant: str, model_id: str, dataset_id: str, asked: Request) -> Cost:
    """What the analysis would take; the same checks, and nothing is run or stored."""
    return _checked(parts, tenant, model_id, dataset_id, asked)[1]


def enqueue_waiting(parts: Parts) -> int:
    """Put jobs into the queue whose request died before it could, or that the queue has lost; how many.

    A queue that was restored from an older copy does not know what it took since; the catalog does.
    """
    waiting, taken = parts.catalog.not_enqueued(), parts.catalog.enqueued()
    known = parts.queue.states([job_id for job_id, _ in taken])
    lost = [job for job in taken if job[0] not in known]
    if lost:
        log.warning("the queue has lost jobs; they are run again", number=len(lost))
    for job_id, tenant in [*waiting, *lost]:
        parts.queue.enqueue(job_id, tenant)
        if not parts.catalog.mark_enqueued(job_id):
            parts.queue.forget(job_id)  # deleted meanwhile
    return len(waiting) + len(lost)


def enqueue(parts: Parts, record: Record) -> Record:
    """Put a recorded job into the queue, unless it is there; QueueUnavailable takes the record back.

    NotFound if it was deleted meanwhile; then it is in the queue no more.
    """
    if not record.enqueued:
        try:
            parts.queue.enqueue(record.id, record.tenant)
        except QueueUnavailable:
            with suppress(sqlite3.Error):
                parts.catalog.withdraw(record.id)
            raise
        if not parts.catalog.mark_enqueued(record.id):
            parts.queue.forget(record.id)
            raise NotFound("It was deleted while it was being made")
    return record


def _checked(
    parts: Parts, tenant: str, model_id: str, dataset_id: str, asked: Request
) -> tuple[TableFormat, Cost]:
    try:
        parts.catalog.upload("models", tenant, model_id)
    except NotFound as error:
        raise _no_such("model_id", "model") from error
    try:
        dataset = parts.catalog.upload("datasets", tenant, dataset_id)
    except NotFound as error:
        raise _no_such("dataset_id", "dataset") from error
    table_format = asked.table_format or TableFormat(**dataset.description["format"])
    check_options(asked.options, parts.limits)

    def read() -> Fit:
        plan = read_stored_model(parts, model_id)
        return fit(plan, read_stored_table(parts, dataset_id, table_format), asked.options)

    try:
        key = key_of(parts.blobs, model_id, dataset_id, table_format, asked.options)
        found = parts.fits.find(key, read)
    except BlobCorrupt:
        # A file that is gone is no corruption if its row went with it, in the meantime.
        parts.catalog.upload("models", tenant, model_id)
        parts.catalog.upload("datasets", tenant, dataset_id)
        raise
    return table_format, cost_of_fit(found, asked.options)


def _no_such(field: str, noun: str) -> InvalidParameter:
    detail = f"{field}: there is no {noun} of this id"
    return InvalidParameter(detail, errors=[Place(detail, field=field)])


def refuse_when_full(parts: Parts, tenant: str) -> None:
    """RateLimited while as many jobs wait, of all tenants or of this one, as the limits allow."""
    limits = parts.limits
    for whose, most, depth in (
        ("", limits.queue_depth, parts.queue.depth()),
        (" of yours", limits.tenant_queue_depth, parts.queue.depth(tenant)),
    ):
        if depth >= most:
            raise RateLimited(
                f"{depth} jobs{whose} wait already, the limit of /v1/limits; try again later",
                retry_after=BUSY_RETRY_SECONDS,
            )


def _idempotency(asked: Request, model: str, dataset: str, limits: Limits) -> Idempotency | None:
    """The fingerprint is of the meaning of the request, so that the order of JSON keys does not count."""
    key = asked.idempotency_key
    if key is None:
        return None
    meaning = {
        "model": model,
        "dataset": dataset,
        "format": None if asked.table_format is None else asdict(asked.table_format),
        "options": asked.options.as_dict(),
    }
    return idempotency_of(key, meaning, limits)


def idempotency_of(key: str, meaning: Mapping[str, Any], limits: Limits) -> Idempotency:
    """The key of a request that means this."""
    fingerprint = hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()
    return Idempotency(key, fingerprint, limits.idempotency_seconds)
