"""What an audit is asked with and what is told of it."""

from typing import Any

import marshmallow as ma
from marshmallow.validate import OneOf

from service.api.links import ticket_field
from service.api.schemas import Input, Query
from service.api.study_schemas import Study, StudyQuery, analysis_field, model_field
from service.policies.formats import FORMATS

VERDICTS = ["pass", "fail", "cannot tell"]
BUNDLE = "bundle"
TYPES = {name: form.media_type for name, form in FORMATS.items() if name != "terminal"} | {
    BUNDLE: "application/zip"
}


class PolicyField(ma.fields.Field[Any]):
    """A policy as the JSON object that its file would be, or as the file's text; checked when it is read."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str | dict):
            raise ma.ValidationError("must be a policy: a JSON object, or YAML as text")
        return value


class AuditRequest(Input):
    """A policy, judged on an analysis; on what changed since the analysis `baseline`, where it is given."""

    analysis = analysis_field(required=True)
    baseline = analysis_field(allow_none=True)
    policy = PolicyField(
        required=True,
        metadata={
            "oneOf": [{"type": "object"}, {"type": "string"}],
            "description": "The policy as an object, or its YAML file as text; see docs/policies.md",
        },
    )


class AuditQuery(StudyQuery):
    """analysis: what was judged, or the baseline; model: of one of these."""

    analysis = analysis_field(metadata={"description": "Those of which this is the analysis or baseline"})
    model = model_field()


class AuditFormat(Query):
    """format wins over Accept."""

    format = ma.fields.String(validate=OneOf(list(TYPES)))
    ticket = ticket_field()


class Audit(Study):
    """An audit; see Study. verdict: once done. document: verdict, and each rule with what decides it."""

    analysis = ma.fields.String(required=True)
    baseline = ma.fields.String(required=True, allow_none=True)
    policy = ma.fields.Dict(required=True)
    verdict = ma.fields.String(required=True, allow_none=True, validate=OneOf(VERDICTS))
