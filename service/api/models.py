"""/v1/models: ONNX files."""

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from service import views
from service.api.analysis_schemas import AnalysisPage, LineageQuery
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.cursors import after_cursor, cursor_for
from service.api.documented import binary_body, problems
from service.api.exchange import check_if_match
from service.api.fields import Integer
from service.api.schemas import PageQuery, page_schema
from service.api.uploads import BESIDE, receive_model
from service.intake import store_model

RAW = "application/octet-stream"
blp = Blueprint("models", __name__, url_prefix="/v1", description="ONNX models")


class ModelInput(ma.Schema):
    """An input tensor; null in the shape where a dimension is free."""

    name = ma.fields.String(required=True)
    dtype = ma.fields.String(required=True)
    shape = ma.fields.List(Integer(allow_none=True), required=True)


class ModelLayer(ma.Schema):
    """A layer as it was recognised; neurons: how many it has."""

    index = Integer(required=True)
    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    level = Integer(required=True)
    neurons = Integer(required=True)
    operators = ma.fields.List(ma.fields.String(), required=True)
    meaning = ma.fields.String(required=True, allow_none=True)


class LayerLink(ma.Schema):
    """Information runs from the layer `source` to the layer `consumer`."""

    source = Integer(required=True)
    consumer = Integer(required=True)


class Model(ma.Schema):
    """A model. id: the sha256 of its bytes, so that the same bytes have the same id."""

    id = ma.fields.String(required=True)
    sha256 = ma.fields.String(required=True)
    size = Integer(required=True, metadata={"description": "Bytes"})
    created_at = ma.fields.String(required=True)
    inputs = ma.fields.List(ma.fields.Nested(ModelInput), required=True)
    features = ma.fields.List(
        ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "Names that the model gives to the data's columns; null if it gives none"},
    )
    layers = ma.fields.List(ma.fields.Nested(ModelLayer), required=True)
    links = ma.fields.List(ma.fields.Nested(LayerLink), required=True)
    pairs = Integer(required=True, metadata={"description": "Pairs of neurons that an analysis measures"})
    opset = Integer(required=True)
    ir_version = Integer(required=True)


@blp.route("/models")
class Models(MethodView):
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_schema(Model, "ModelPage"))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Your models, the newest first."""
        after = after_cursor(query["cursor"])
        listing = views.uploads(parts(), "models", tenant(), after, query["limit"])
        return {"items": listing.items, "next": cursor_for(listing.after), "total": listing.total}

    @binary_body(RAW, beside=BESIDE)
    @problems(400, 413, 415, 422, 507)
    @blp.response(201, Model, headers={"Location": {"schema": {"type": "string"}}})
    def post(self) -> tuple[Any, int, dict[str, str]]:
        """Store an ONNX model: the file as the body, or as the part `file` of a multipart body.

        The file is read as bytes and never run here. The same bytes have the same id. Weights that are kept
        in files beside the model come with it as parts `external_data`, each under its own filename; they
        are written into the model, and the id is that of the whole.
        """
        row = store_model(parts(), tenant(), *receive_model(RAW, parts().limits.model.bytes))
        return views.uploaded(row), 201, {"Location": f"/v1/models/{row.sha256}", "ETag": f'"{row.sha256}"'}


@blp.route("/models/<sha256:model_id>/analyses")
class ModelAnalyses(MethodView):
    @problems(404)
    @blp.arguments(LineageQuery, location="query")
    @blp.response(200, AnalysisPage)
    def get(self, query: dict[str, Any], model_id: str) -> dict[str, Any]:
        """Your analyses of a model, the newest first."""
        views.upload(parts(), "models", tenant(), model_id)
        query["after"] = after_cursor(query.pop("cursor"))
        listing = views.analyses(parts(), tenant(), model_id=model_id, **query)
        return {"items": listing.items, "next": cursor_for(listing.after)}


@blp.route("/models/<sha256:model_id>")
class OneModel(MethodView):
    @problems(404)
    @blp.response(200, Model)
    def get(self, model_id: str) -> tuple[Any, int, dict[str, str]]:
        """One model."""
        return views.upload(parts(), "models", tenant(), model_id), 200, {"ETag": f'"{model_id}"'}

    @problems(404, 409, 412)
    @blp.response(204)
    def delete(self, model_id: str) -> Response:
        """Delete a model; 409 while an analysis uses it."""
        check_if_match(model_id)
        parts().catalog.delete_upload("models", tenant(), model_id, parts().blobs)
        return Response(status=204)
