"""/v1/models/{id}/layers: how a model will be read, before anything is computed."""

from typing import Any

import marshmallow as ma
from flask.views import MethodView

from estimator.model.outline import MOST_NAMES, outline
from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import Integer
from service.api.models import ModelInput
from service.intake import read_stored_model

blp = Blueprint("layers", __name__, url_prefix="/v1", description="Layers recognised in a model")


class RecognisedLayer(ma.Schema):
    """A layer, the operators that were merged into it, and its place among the others."""

    index = Integer(required=True)
    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    level = Integer(required=True, metadata={"description": "The longest way to it from the inputs"})
    size = Integer(required=True, metadata={"description": "Neurons"})
    neurons = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": f"Names of the first {MOST_NAMES}"}
    )
    tensor = ma.fields.String(required=True, metadata={"description": "The ONNX value that is read"})
    operators = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Merged into it, in order"}
    )
    operator_counts = ma.fields.Dict(keys=ma.fields.String(), values=Integer(), required=True)
    meaning = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "What a neuron is, if no single activation"}
    )
    sources = ma.fields.List(Integer(), required=True)
    consumers = ma.fields.List(Integer(), required=True)


class RecognisedLink(ma.Schema):
    """Two layers whose neurons are measured with each other, and how many pairs these are."""

    source = Integer(required=True)
    consumer = Integer(required=True)
    pairs = Integer(required=True)


class Layers(ma.Schema):
    """What was recognised in a model."""

    inputs = ma.fields.List(ma.fields.Nested(ModelInput), required=True)
    layers = ma.fields.List(ma.fields.Nested(RecognisedLayer), required=True)
    links = ma.fields.List(ma.fields.Nested(RecognisedLink), required=True)
    opset = Integer(required=True)
    ir_version = Integer(required=True)


@blp.route("/models/<sha256:model_id>/layers")
class ModelLayers(MethodView):
    @problems(404)
    @blp.response(200, Layers)
    def get(self, model_id: str) -> dict[str, Any]:
        """The layers of a model: what was merged into each, what a neuron stands for, what feeds what."""
        views.upload(parts(), "models", tenant(), model_id)  # 404 for another tenant's
        return outline(read_stored_model(parts(), model_id))
