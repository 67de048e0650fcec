"""What studies are told as; each kind names by itself what it is of."""

from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range, Regexp

from service.api.analysis_schemas import STATUSES, JobProblem
from service.api.fields import Integer, QueryInteger, Real
from service.api.schemas import Query
from service.limits import Limits

_ANALYSIS = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_SHA256 = r"^[0-9a-f]{64}$"


def analysis_field(**given: Any) -> ma.fields.String:
    """The id of an analysis."""
    rules = [
        Length(equal=36, error="must be the id of an analysis, 36 characters"),
        Regexp(_ANALYSIS, error="must be the id of an analysis: digits 0-9 a-f and hyphens"),
    ]
    return ma.fields.String(validate=rules, **given)


def model_field() -> ma.fields.String:
    """The id of a model."""
    rules = [
        Length(equal=64, error="must be an id of 64 characters"),
        Regexp(_SHA256, error="must be an id: 64 digits 0-9 a-f"),
    ]
    return ma.fields.String(validate=rules, metadata={"description": "Those of which this is the model"})


class StudyQuery(Query):
    """Filters of a list of studies."""

    status = ma.fields.String(validate=OneOf(STATUSES))
    limit = QueryInteger(load_default=100, validate=Range(1, Limits.page))
    cursor = ma.fields.String(metadata={"description": "`next` of the page before"})


class Study(ma.Schema):
    """A study and the state of its job; done of total counts pieces of the phase, which its kind names."""

    id = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    status = ma.fields.String(required=True, validate=OneOf(STATUSES))
    phase = ma.fields.String(required=True, allow_none=True)
    done = Integer(required=True)
    total = Integer(required=True)
    eta_seconds = Real(allow_none=True)
    attempts = Integer(required=True)
    problem = ma.fields.Nested(JobProblem, required=True, allow_none=True)
    created_at = ma.fields.String(required=True)
    started_at = ma.fields.String(required=True, allow_none=True)
    finished_at = ma.fields.String(required=True, allow_none=True)
    document = ma.fields.Dict(metadata={"description": "What was found, once done; not in lists"})


def study_page(of: type[ma.Schema], name: str) -> type[ma.Schema]:
    """The schema of a page of `of`."""
    fields: dict[str, Any] = {
        "items": ma.fields.List(ma.fields.Nested(of), required=True),
        "next": ma.fields.String(required=True, allow_none=True),
    }
    return ma.Schema.from_dict(fields, name=name)  # type: ignore[return-value,unused-ignore]
