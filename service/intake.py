"""Taking in what was uploaded: nothing is stored that cannot be read as what it is said to be."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from estimator.data.read import read_table
from estimator.data.table import Table, TableFormat
from estimator.model.external_data import with_data_inside
from estimator.model.plan import ModelPlan
from estimator.model.read import read_model
from service.blobs import Staged
from service.catalog import Upload
from service.catalog.uploads import Quota
from service.cost import pairs_of
from service.errors import Conflict
from service.limits import Limits
from service.parts import Parts


def in_one_piece(parts: Parts, model: Staged, beside: Mapping[str, Staged]) -> Staged:
    """The model with the data files that came with it written into it, staged anew; they are gone then.

    beside: by the names that they were sent under. Where there are none, the model as it is.
    """
    if not beside:
        return model
    files = {name: staged.path for name, staged in beside.items()}
    try:
        whole = with_data_inside(model.read_bytes(), files, parts.limits.model)
        return parts.blobs.stage([whole], parts.limits.model.bytes)
    finally:
        for staged in (model, *beside.values()):
            staged.discard()


def store_model(parts: Parts, tenant: str, staged: Staged, beside: Mapping[str, Staged]) -> Upload:
    """Read the staged file, with its data files, as a model and keep it; all are gone from the staging area
    in any case."""
    staged = in_one_piece(parts, staged, beside)
    try:
        plan = read_model(staged.read_bytes(), parts.limits.model)
        return parts.catalog.add_upload(
            "models", tenant, parts.blobs, staged, describe_model(plan), quota_of(parts.limits)
        )
    finally:
        staged.discard()


def store_dataset(parts: Parts, tenant: str, staged: Staged, table_format: TableFormat) -> Upload:
    """Read the staged file as a table and keep it. Conflict if it is there, read in another format."""
    try:
        table = read_table(staged.path, table_format, parts.limits.table)
        upload = parts.catalog.add_upload(
            "datasets",
            tenant,
            parts.blobs,
            staged,
            describe_table(table, table_format),
            quota_of(parts.limits),
        )
    finally:
        staged.discard()
    refuse_other_format(upload, table_format)
    return upload


def quota_of(limits: Limits) -> Quota:
    """What a tenant may have stored."""
    return Quota(limits.tenant_files, limits.tenant_bytes)


def refuse_other_format(upload: Upload, table_format: TableFormat) -> None:
    """The same bytes are one dataset, and a dataset is read in one way unless an analysis says otherwise."""
    if upload.description["format"] != asdict(table_format):
        kept = ", ".join(f"{name} {value!r}" for name, value in upload.description["format"].items())
        raise Conflict(
            f"The same file is stored already, to be read with {kept}; give the other `format` with the "
            "analysis, or delete the dataset first"
        )


def read_stored_model(parts: Parts, sha256: str) -> ModelPlan:
    """The plan of a stored model. BlobCorrupt if the file was changed."""
    return read_model(parts.blobs.verified_bytes(sha256), parts.limits.model)


def read_stored_table(parts: Parts, sha256: str, table_format: TableFormat) -> Table:
    """The table of a stored dataset. BlobCorrupt if the file was changed."""
    return read_table(parts.blobs.verified_bytes(sha256), table_format, parts.limits.table)


def describe_model(plan: ModelPlan) -> Mapping[str, Any]:
    """What was recognised in a model, as plain JSON values; neurons are counted, not listed."""
    return {
        "inputs": [{"name": i.name, "dtype": i.dtype, "shape": list(i.shape)} for i in plan.inputs],
        "features": None if plan.features is None else list(plan.features),
        "layers": [
            {
                "index": layer.index,
                "name": layer.name,
                "kind": layer.kind,
                "level": layer.level,
                "neurons": layer.size,
                "operators": list(layer.operators),
                "meaning": layer.meaning,
            }
            for layer in plan.layers
        ],
        "links": [{"source": source, "consumer": consumer} for source, consumer in plan.links],
        "pairs": pairs_of(plan),
        "opset": plan.opset,
        "ir_version": plan.ir_version,
    }


def describe_table(table: Table, table_format: TableFormat) -> Mapping[str, Any]:
    """The shape of a table as plain JSON values."""
    return {
        "format": asdict(table_format),
        "rows": table.rows,
        "distinct_rows": table.distinct_rows,
        "columns": [
            {"name": column.name, "kind": "text" if column.numbers is None else "number"}
            for column in table.columns
        ],
    }
