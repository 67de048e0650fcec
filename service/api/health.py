"""/v1/healthz, /v1/readyz, /v1/metrics; the same without /v1, where probes look for them."""

import sqlite3
from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from estimator.errors import Place, Unavailable
from service.api.blueprint import Blueprint, produces
from service.api.context import parts
from service.api.documented import also, problems
from service.api.metrics import CONTENT_TYPE, exposition
from service.jobs.database import QueueUnavailable
from service.parts import Parts
from service.stores.protocol import StoreUnavailable

blp = Blueprint("health", __name__, url_prefix="/v1", description="Health of the service")


class HealthSchema(ma.Schema):
    """ok, or the answer is a problem."""

    status = ma.fields.String(required=True)


@blp.route("/healthz")
class Health(MethodView):
    @blp.response(200, HealthSchema)
    def get(self) -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}


@blp.route("/readyz")
class Ready(MethodView):
    @problems(503)
    @blp.response(200, HealthSchema)
    def get(self) -> dict[str, str]:
        """Whether catalog, queue and store can be reached; 503 with the reason of each that cannot."""
        failing = not_ready(parts())
        if failing:
            raise Unavailable("; ".join(place.detail for place in failing), errors=failing)
        return {"status": "ok"}


@blp.route("/metrics")
class Metrics(MethodView):
    @produces("text/plain")
    @also({"text/plain": {"type": "string"}})
    def get(self) -> Response:
        """Counters in Prometheus's text form; no names and no ids."""
        return Response(exposition(parts()), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def not_ready(parts: Parts) -> list[Place]:
    """A place for each part that cannot be reached, with its reason."""
    checks: dict[str, Any] = {"catalog": parts.catalog, "queue": parts.queue, "store": parts.store}
    failing = []
    for name, part in checks.items():
        try:
            part.ping()
        except sqlite3.Error as error:
            failing.append(Place(f"{name}: {error}", field=name))
        except (QueueUnavailable, StoreUnavailable) as error:
            failing.append(Place(f"{name}: {error}", field=name))
    return failing
