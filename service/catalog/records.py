"""Rows of the catalog. Times are UTC in ISO 8601 with Z; `number` orders rows as they were made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from estimator.data.table import TableFormat
from estimator.options import Options

Role = Literal["read", "write"]
UploadKind = Literal["models", "datasets"]


@dataclass(frozen=True)
class Upload:
    """A model or a dataset of a tenant. description: plain JSON values, what was recognised in the file."""

    number: int
    tenant: str
    sha256: str
    size: int
    description: Mapping[str, Any]
    created_at: str


@dataclass(frozen=True)
class AnalysisRecord:
    """What was asked for. Its state is the queue's, its result the store's."""

    number: int
    id: str
    tenant: str
    model_sha256: str
    dataset_sha256: str
    table_format: TableFormat
    options: Options
    created_at: str
    enqueued: bool


@dataclass(frozen=True)
class StudyRecord:
    """What was asked for on one analysis, or on two: base and head of a diff, an audit's and its baseline.

    options: plain JSON values; an audit's are {"policy": ...}. Its state is the queue's, its document the
    store's.
    """

    number: int
    id: str
    tenant: str
    kind: str
    analysis_id: str
    other_analysis_id: str | None
    options: Mapping[str, Any]
    created_at: str
    enqueued: bool

    @property
    def analyses(self) -> tuple[str, ...]:
        """The ids of what it is of."""
        return tuple(name for name in (self.analysis_id, self.other_analysis_id) if name is not None)


@dataclass(frozen=True)
class KeyRecord:
    """An API key without the key. revoked_at: None while it is valid."""

    id: str
    tenant: str
    role: Role
    name: str
    created_at: str
    revoked_at: str | None
