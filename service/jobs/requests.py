"""What a job's child is asked to do: by what the catalog says that the job is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estimator.errors import NotFound
from service.blobs import Blobs
from service.catalog import AnalysisRecord, Catalog, StudyRecord
from service.jobs.estimating import NETWORK, Source, request_of
from service.settings import Settings
from service.studies.computing import STUDY, SideSource, study_request
from service.studies.kinds import KINDS


@dataclass(frozen=True)
class Ordered:
    """work: of service/jobs/child_main.py. made: how step 2 names the file that the work leaves."""

    work: str
    request: dict[str, Any]
    made: str
    file: Path


def order(catalog: Catalog, blobs: Blobs, settings: Settings, job_id: str, folder: Path) -> Ordered:
    """Step 1 of a job. NotFound if neither an analysis nor a study has this id any more."""
    try:
        record = catalog.analysis(job_id)
    except NotFound:
        return _study(catalog, blobs, settings, catalog.study(job_id), folder)
    model, data = _files(blobs, record)
    request = request_of(model, data, record.table_format, record.options, folder)
    return Ordered("estimating", request, "network", folder / NETWORK)


def store_order(catalog: Catalog, settings: Settings, job_id: str, made: dict[str, Any]) -> tuple[str, Any]:
    """Step 2 of a job: the work and its request. made: what step 1 returned."""
    request: dict[str, Any] = {"store": settings.store, "login": settings.store_login}
    if "network" in made:
        return "storing", request | {"analysis_id": job_id, "network": made["network"]}
    record = catalog.study(job_id)
    of_study = {"study_id": job_id, "kind": record.kind, "analyses": record.analyses, "study": made["study"]}
    return "storing study", request | of_study


def _study(catalog: Catalog, blobs: Blobs, settings: Settings, record: StudyRecord, folder: Path) -> Ordered:
    sides = []
    for analysis_id in record.analyses:
        analysis = catalog.analysis(analysis_id)
        wanted = len(record.analyses) >= KINDS[record.kind].reads_files_of
        model, data = _files(blobs, analysis) if wanted else (None, None)
        sides.append(SideSource(None, analysis_id, model, data, analysis.table_format, analysis.options))
    request = study_request(record.kind, sides, record.options, folder, settings.store, settings.store_login)
    return Ordered("studying", request, "study", folder / STUDY)


def _files(blobs: Blobs, record: AnalysisRecord) -> tuple[Source, Source]:
    return (
        Source(blobs.path(record.model_sha256), record.model_sha256),
        Source(blobs.path(record.dataset_sha256), record.dataset_sha256),
    )
