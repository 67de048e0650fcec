"""/v1/datasets: tables."""

from dataclasses import replace
from typing import Any

import marshmallow as ma
from flask import Response, request
from flask.views import MethodView

from estimator.data.table import TableFormat, TableKind
from estimator.errors import InvalidParameter, Place
from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.cursors import after_cursor, cursor_for
from service.api.documented import binary_body, problems
from service.api.exchange import check_if_match
from service.api.fields import Boolean, Integer
from service.api.schemas import PageQuery, page_schema
from service.api.table_formats import FormatQuery
from service.api.uploads import receive_file
from service.blobs import Staged
from service.intake import store_dataset

# The kind of file that a media type says.
KINDS: dict[str, TableKind] = {
    "text/csv": "csv",
    "application/x-npy": "npy",
    "application/x-npz": "npz",
    "application/vnd.apache.parquet": "parquet",
}
blp = Blueprint("datasets", __name__, url_prefix="/v1", description="Tables of data")


class Format(ma.Schema):
    """How the file is read."""

    kind = ma.fields.String(required=True)
    delimiter = ma.fields.String(required=True)
    decimal = ma.fields.String(required=True)
    header = Boolean(required=True)


class DataColumn(ma.Schema):
    """A column; kind is `number` if every cell is one, else `text`."""

    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)


class Dataset(ma.Schema):
    """A table. id: the sha256 of its bytes, so that the same bytes have the same id."""

    id = ma.fields.String(required=True)
    sha256 = ma.fields.String(required=True)
    size = Integer(required=True, metadata={"description": "Bytes"})
    created_at = ma.fields.String(required=True)
    format = ma.fields.Nested(Format, required=True)
    rows = Integer(required=True)
    distinct_rows = Integer(required=True)
    columns = ma.fields.List(ma.fields.Nested(DataColumn), required=True)


@blp.route("/datasets")
class Datasets(MethodView):
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_schema(Dataset, "DatasetPage"))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Your datasets, the newest first."""
        after = after_cursor(query["cursor"])
        listing = views.uploads(parts(), "datasets", tenant(), after, query["limit"])
        return {"items": listing.items, "next": cursor_for(listing.after), "total": listing.total}

    @binary_body(*KINDS)
    @problems(400, 409, 413, 415, 422, 507)
    @blp.arguments(FormatQuery, location="query")
    @blp.response(201, Dataset, headers={"Location": {"schema": {"type": "string"}}})
    def post(self, query: TableFormat) -> tuple[Any, int, dict[str, str]]:
        """Store a table: the file as the body, or as the part `file` of a multipart body.

        The body's Content-Type (of a multipart body: the query's `kind`) and the query say how it is to be
        read; nothing is guessed. A cell that cannot be read is named by its row and column, and nothing is
        stored. The same bytes have the same id.
        """
        raw, staged = receive_file(tuple(KINDS), parts().limits.table.file_bytes)
        row = store_dataset(parts(), tenant(), staged, _format(query, raw, staged))
        return views.uploaded(row), 201, {"Location": f"/v1/datasets/{row.sha256}", "ETag": f'"{row.sha256}"'}


@blp.route("/datasets/<sha256:dataset_id>")
class OneDataset(MethodView):
    @problems(404)
    @blp.response(200, Dataset)
    def get(self, dataset_id: str) -> tuple[Any, int, dict[str, str]]:
        """One dataset."""
        return views.upload(parts(), "datasets", tenant(), dataset_id), 200, {"ETag": f'"{dataset_id}"'}

    @problems(404, 409, 412)
    @blp.response(204)
    def delete(self, dataset_id: str) -> Response:
        """Delete a dataset; 409 while an analysis uses it."""
        check_if_match(dataset_id)
        parts().catalog.delete_upload("datasets", tenant(), dataset_id, parts().blobs)
        return Response(status=204)


def _format(query: TableFormat, raw: str | None, staged: Staged) -> TableFormat:
    """The query's format, of the kind that the body's media type says. They may not contradict."""
    if raw is None or query.kind == KINDS[raw]:
        return query
    if "kind" in request.args:
        staged.discard()
        detail = f"kind is {query.kind}, and Content-Type is {raw}; they must say the same"
        raise InvalidParameter(detail, errors=[Place(detail, field="kind")])
    return replace(query, kind=KINDS[raw])
