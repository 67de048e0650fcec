"""The catalog: what was uploaded and asked for, by whom. One SQLite file beside the blobs."""

from service.catalog.analyses import Analyses
from service.catalog.jobs import Idempotency, Jobs
from service.catalog.keys import Keys
from service.catalog.records import AnalysisRecord, KeyRecord, Role, StudyRecord, Upload, UploadKind
from service.catalog.studies import Studies
from service.catalog.uploads import Uploads

__all__ = [
    "AnalysisRecord",
    "Catalog",
    "Idempotency",
    "KeyRecord",
    "Role",
    "StudyRecord",
    "Upload",
    "UploadKind",
]


class Catalog(Uploads, Analyses, Studies, Jobs, Keys):
    """`Catalog(path)`, then `migrate()` once; every method is one transaction."""
