"""What can go wrong, as types that every surface (REST, command line, library) reports alike.

An error has a stable `slug`, a sentence with cause, the value seen and the fix, and the places where it
happened. HTTP statuses and exit codes are given by the surfaces, not here.
"""

import errno
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

# What the system says of a disk that is full, and of a quota that is used up.
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Place:
    """Where an error is. Every field that is known is set, the others stay None.

    `field` is the path of an option or JSON member (`options.beta`), `row` counts data rows from 1,
    `line` counts lines of the file from 1, `byte` counts from 0, `column` is a column's name.
    """

    detail: str
    field: str | None = None
    file: str | None = None
    row: int | None = None
    line: int | None = None
    column: str | None = None
    byte: int | None = None
    node: str | None = None
    operator: str | None = None
    tensor: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value is not None}


class NifError(Exception):
    """Base of every error that a user can cause or must hear of.

    cell: the value of the data that the sentence quotes, as it stands there. Who sent the data may read it;
    a log may not, and takes `without_cell`.
    """

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"

    def __init__(self, detail: str, *, errors: Sequence[Place] = (), cell: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.cell = cell

    @property
    def without_cell(self) -> str:
        """The sentence without the value of the data."""
        return self.detail.replace(self.cell, "(a value)") if self.cell else self.detail


class InvalidModel(NifError):
    slug, title = "invalid-model", "The file is not a sound ONNX model"


class UnsupportedModel(NifError):
    slug, title = "unsupported-model", "The model is sound but cannot be analysed"


class InvalidDataset(NifError):
    slug, title = "invalid-dataset", "The data cannot be read as a table"


class ColumnsMismatch(NifError):
    slug, title = "columns-mismatch", "The table's columns are not the model's inputs"


class TooFewRows(NifError):
    slug, title = "too-few-rows", "The table has too few rows"


class InvalidParameter(NifError):
    slug, title = "invalid-parameter", "A parameter has a value that is not allowed"


class LimitExceeded(NifError):
    slug, title = "limit-exceeded", "A published limit is exceeded"


class NotFound(NifError):
    slug, title = "not-found", "There is no such object"


class NotFinite(NifError):
    slug, title = "not-finite", "The model computes values that are not finite"


class TimeLimit(NifError):
    slug, title = "time-limit", "The time limit was reached"


class MemoryLimit(NifError):
    slug, title = "memory-limit", "The memory limit was reached"


class StorageLimit(NifError):
    slug, title = "storage-limit", "The disk is full"


class ModelCrashed(NifError):
    slug, title = "model-crashed", "The runtime crashed on this model"


class BlobCorrupt(NifError):
    slug, title = "blob-corrupt", "A stored file is not what was uploaded"


class MissingExtra(NifError):
    slug, title = "missing-extra", "An optional part is not installed"


class Unavailable(NifError):
    slug, title = "unavailable", "A part of the service cannot be reached"


class Cancelled(Exception):
    """Raised out of a progress callback to stop an analysis; nothing is kept."""
