"""The catalog: what was uploaded and asked for, by whom. One SQLite file beside the blobs."""

from service.catalog.analyses import Analyses, Idempotency
from service.catalog.keys import Keys
from service.catalog.records import AnalysisRecord, KeyRecord, Role, Upload, UploadKind
from service.catalog.uploads import Uploads

__all__ = ["AnalysisRecord", "Catalog", "Idempotency", "KeyRecord", "Role", "Upload", "UploadKind"]


class Catalog(Uploads, Analyses, Keys):
    """`Catalog(path)`, then `migrate()` once; every method is one transaction."""
