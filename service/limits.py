"""The limits of a service: published at /v1/limits, enforced at the door, in one place."""

from dataclasses import dataclass, field

from estimator.data.table import TableLimits
from estimator.model.limits import ModelLimits

MIB = 2**20
STUDY_BYTES = 64 * MIB


@dataclass(frozen=True)
class Limits:
    """What a request may ask for. Bytes, seconds and counts; each is enforced before work starts.

    json_bytes, json_depth: of a JSON body. page: rows of one page of a listing. paths: k of a paths query.
    probes: of one analysis. queue_depth: jobs that may wait, tenant_queue_depth: those of one tenant; above
    it POST is answered 429. tenant_files, tenant_bytes: models and datasets that a tenant may have stored.
    idempotency_seconds: how long an Idempotency-Key is remembered; idempotency_key_characters: its length.
    failed_keys_a_minute: wrong API keys that one address may try in a minute.
    exports: whole networks that are written out at once.
    link_seconds: how long a link to a page is good.
    job_seconds, job_memory_bytes, job_attempts: of one job; settings of the operator.
    study_bytes: of a study's document.
    model, table: of an uploaded file, see ModelLimits and TableLimits.
    """

    json_bytes: int = MIB
    json_depth: int = 32
    page: int = 1000
    paths: int = 1000
    probes: int = 100
    queue_depth: int = 10_000
    tenant_queue_depth: int = 5_000
    tenant_files: int = 10_000
    tenant_bytes: int = 100 * 1024 * MIB
    idempotency_seconds: int = 24 * 3600
    idempotency_key_characters: int = 200
    failed_keys_a_minute: int = 60
    exports: int = 4
    link_seconds: int = 600
    job_seconds: float = 3600.0
    job_memory_bytes: int = 4096 * MIB
    job_attempts: int = 3
    study_bytes: int = STUDY_BYTES
    model: ModelLimits = field(default_factory=ModelLimits)
    table: TableLimits = field(default_factory=TableLimits)
