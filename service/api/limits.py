"""/v1/limits"""

from dataclasses import asdict
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from estimator.options import MINIMUM_ROWS
from estimator.runtime.isolation import isolation
from service.api.blueprint import Blueprint
from service.api.context import parts

blp = Blueprint("limits", __name__, url_prefix="/v1", description="Published limits")


class LimitsSchema(ma.Schema):
    """Bytes, seconds and counts; what is above a limit is refused before work starts."""

    service = ma.fields.Dict(required=True, metadata={"description": "Requests, queue and jobs"})
    model = ma.fields.Dict(required=True, metadata={"description": "An ONNX file"})
    table = ma.fields.Dict(required=True, metadata={"description": "A data file"})
    isolation = ma.fields.String(
        required=True, metadata={"description": "Of the child process that runs a model, on this host"}
    )


@blp.route("/limits")
class LimitsView(MethodView):
    @blp.response(200, LimitsSchema)
    def get(self) -> dict[str, Any]:
        """What a request may ask for."""
        limits = asdict(parts().limits)
        model, table = limits.pop("model"), limits.pop("table")
        return {
            "service": limits,
            "model": model,
            "table": table | {"minimum_rows": MINIMUM_ROWS},
            "isolation": isolation(),
        }
