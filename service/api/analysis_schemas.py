"""What an analysis is asked with and what is told of it."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range, Regexp

from estimator.options import ESTIMATORS, LARGEST_SAMPLE, LARGEST_SEED, Options
from service.api.datasets import Format
from service.api.errors import job_problem
from service.api.fields import Integer, Number, QueryInteger, Real
from service.api.schemas import Input, Query
from service.api.table_formats import FormatObject
from service.errors import fields_under
from service.limits import Limits

_LIMITS = Limits()
_SHA256 = [
    Length(equal=64, error="must be an id of 64 characters"),
    Regexp("^[0-9a-f]{64}$", error="must be an id: 64 digits 0-9 a-f"),
]
STATUSES = ["queued", "running", "done", "failed", "cancelled"]


class OptionsObject(Input):
    """How the analysis is done; information is in nats."""

    estimator = ma.fields.String(validate=OneOf(ESTIMATORS), metadata={"default": "convex"})
    beta = Number(validate=Range(0, 1e6), metadata={"default": 0.5})
    redundancy = ma.fields.String(validate=OneOf(["mean", "sum"]), metadata={"default": "mean"})
    alpha = Number(validate=Range(1e-6, 1, max_inclusive=False), metadata={"default": 0.05})
    seed = Integer(validate=Range(0, LARGEST_SEED), metadata={"default": 0})
    permutations = Integer(validate=Range(20, 100_000), metadata={"default": 200})
    target = ma.fields.String(
        allow_none=True, validate=Length(1, 10_000), metadata={"description": "The column with the labels"}
    )
    probes = ma.fields.List(
        ma.fields.String(validate=Length(1, 10_000)),
        validate=Length(0, _LIMITS.probes),
        metadata={"description": "Further columns that are no inputs"},
    )
    columns_by = ma.fields.String(validate=OneOf(["name", "position"]), metadata={"default": "name"})
    inputs = ma.fields.Dict(
        keys=ma.fields.String(validate=Length(1, 20_000)),
        values=ma.fields.List(ma.fields.String(validate=Length(1, 10_000)), validate=Length(1)),
        metadata={"description": "Of each input tensor of the model: the columns that fill it, in order"},
    )
    cross_check = ma.fields.String(allow_none=True, validate=OneOf(ESTIMATORS))
    cross_check_share = Number(validate=Range(0, 1, min_inclusive=False), metadata={"default": 0.1})
    device = ma.fields.String(validate=OneOf(["auto", "cpu", "cuda"]), metadata={"default": "auto"})
    layers = ma.fields.List(
        ma.fields.String(validate=Length(1, 20_000)),
        validate=Length(0, 1_000),
        metadata={"description": "Hidden layers to measure; all if empty. Inputs and outputs always are"},
    )
    sample_neurons = Integer(
        allow_none=True,
        validate=Range(2, LARGEST_SAMPLE),
        metadata={"description": "Of a layer with more neurons, measure that many, drawn with the seed"},
    )
    parameters = ma.fields.Dict(
        keys=ma.fields.String(), metadata={"description": "Parameters of the estimator, by name"}
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> Options:
        with fields_under("options"):
            return Options.from_dict(data)


class AnalysisRequest(Input):
    """An analysis of a stored model and a stored dataset."""

    model_id = ma.fields.String(required=True, validate=_SHA256)
    dataset_id = ma.fields.String(required=True, validate=_SHA256)
    format = ma.fields.Nested(
        FormatObject, metadata={"description": "How the dataset is read; by default as it was uploaded"}
    )
    options = ma.fields.Nested(OptionsObject)


class AnalysisParts(Input):
    """The JSON parts of a one-shot analysis."""

    format = ma.fields.Nested(FormatObject)
    options = ma.fields.Nested(OptionsObject)


class AnalysisQuery(Query):
    """Filters of the list of analyses."""

    status = ma.fields.String(validate=OneOf(STATUSES))
    model_id = ma.fields.String(validate=_SHA256)
    dataset_id = ma.fields.String(validate=_SHA256)
    limit = QueryInteger(load_default=100, validate=Range(1, _LIMITS.page))
    cursor = ma.fields.String(metadata={"description": "`next` of the page before"})


class LineageQuery(Query):
    """Filters of the list of a model's analyses."""

    status = ma.fields.String(validate=OneOf(STATUSES))
    dataset_id = ma.fields.String(validate=_SHA256)
    limit = QueryInteger(load_default=100, validate=Range(1, _LIMITS.page))
    cursor = ma.fields.String(metadata={"description": "`next` of the page before"})


class JobProblem(ma.Schema):
    """Why a job failed, in the form of every problem."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    detail = ma.fields.String(required=True)
    errors = ma.fields.List(ma.fields.Dict())

    @ma.pre_dump
    def as_problem(self, kept: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        return job_problem(kept)


class Analysis(ma.Schema):
    """An analysis and the state of its job; done of total counts pieces of the phase."""

    id = ma.fields.String(required=True)
    status = ma.fields.String(required=True, validate=OneOf(STATUSES))
    phase = ma.fields.String(required=True, allow_none=True)
    done = Integer(required=True)
    total = Integer(required=True)
    eta_seconds = Real(allow_none=True)
    attempts = Integer(required=True)
    problem = ma.fields.Nested(JobProblem, required=True, allow_none=True)
    model_id = ma.fields.String(required=True)
    dataset_id = ma.fields.String(required=True)
    format = ma.fields.Nested(Format, required=True)
    options = ma.fields.Dict(required=True)
    created_at = ma.fields.String(required=True)
    started_at = ma.fields.String(required=True, allow_none=True)
    finished_at = ma.fields.String(required=True, allow_none=True)
    summary = ma.fields.Dict(allow_none=True, metadata={"description": "Of the network, once done"})


class AnalysisPage(ma.Schema):
    """A page of analyses."""

    items = ma.fields.List(ma.fields.Nested(Analysis), required=True)
    next = ma.fields.String(required=True, allow_none=True)
