"""/v1/analyses/{id}/probes"""

from typing import Any

import marshmallow as ma
from flask.views import MethodView
from marshmallow.validate import Length, OneOf

from service import views
from service.api.blueprint import Blueprint
from service.api.context import parts, tenant
from service.api.documented import problems
from service.api.fields import Boolean, Integer, Real
from service.api.network_queries import LONGEST_NAME
from service.api.schemas import Query

blp = Blueprint("probes", __name__, url_prefix="/v1", description="Probes of a network")


class ProbeQuery(Query):
    """One probe, or all."""

    probe = ma.fields.String(validate=Length(1, LONGEST_NAME))


class MeasuredSchema(ma.Schema):
    """Information of a probe about one neuron, in nats."""

    mi = Real(allow_none=True)
    se = Real(allow_none=True)
    ci_low = Real(allow_none=True)
    ci_high = Real(allow_none=True)
    p_value = Real(allow_none=True)
    q_value = Real(allow_none=True)
    saturated = Boolean(required=True)
    lower_bound = Boolean(required=True)


class ProbeRowSchema(MeasuredSchema):
    """A probe's information about one neuron, in nats.

    given_target: what is left when the target is known.
    """

    probe = ma.fields.String(required=True)
    neuron = ma.fields.String(required=True)
    neuron_name = ma.fields.String(required=True)
    layer = Integer(required=True)
    given_target = ma.fields.Nested(MeasuredSchema, required=True, allow_none=True)


@blp.route("/analyses/<analysis:analysis_id>/probes")
class Probes(MethodView):
    @problems(404, 409, 422)
    @blp.arguments(ProbeQuery, location="query")
    @blp.response(200, ProbeRowSchema(many=True))
    def get(self, query: dict[str, Any], analysis_id: str) -> Any:
        """What the columns that are no inputs (the target, a protected attribute) tell about each neuron."""
        return views.probes(parts(), tenant(), analysis_id, **query)


class HearerSchema(ma.Schema):
    """A neuron that hears the probe, in nats."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    mi = Real(allow_none=True)
    se = Real(allow_none=True)
    ci_low = Real(allow_none=True)
    ci_high = Real(allow_none=True)
    q_value = Real(allow_none=True)
    saturated = Boolean(required=True)
    lower_bound = Boolean(required=True)


class HeardSchema(ma.Schema):
    """neurons: how many hear; hearers: the most informative of them, best first."""

    neurons = Integer(required=True)
    hearers = ma.fields.List(ma.fields.Nested(HearerSchema), required=True)


class StepSchema(ma.Schema):
    """What one layer hears; given_target: what it still hears when the target is known."""

    layer = Integer(required=True)
    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    size = Integer(required=True)
    change = ma.fields.String(
        required=True, validate=OneOf(("absent", "enters", "grows", "holds", "fades", "lost"))
    )
    heard = ma.fields.Nested(HeardSchema, required=True)
    given_target = ma.fields.Nested(HeardSchema, required=True, allow_none=True)


class StratumSchema(ma.Schema):
    """The rows of one level of the target; measured: false where they are too few."""

    level = ma.fields.String(required=True)
    rows = Integer(required=True)
    measured = Boolean(required=True)


class CourseSchema(ma.Schema):
    """The course of a probe through the layers."""

    probe = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    target = ma.fields.String(required=True, allow_none=True)
    strata = ma.fields.List(ma.fields.Nested(StratumSchema), required=True)
    share_left_out = Real()
    steps = ma.fields.List(ma.fields.Nested(StepSchema), required=True)


@blp.route("/analyses/<analysis:analysis_id>/probes/layers")
class ProbeLayers(MethodView):
    @problems(404, 409, 422)
    @blp.arguments(ProbeQuery, location="query")
    @blp.response(200, CourseSchema(many=True))
    def get(self, query: dict[str, Any], analysis_id: str) -> Any:
        """Layer by layer: where a probe enters, grows and fades, and which neurons carry it."""
        return views.probe_courses(parts(), tenant(), analysis_id, query.get("probe"))
