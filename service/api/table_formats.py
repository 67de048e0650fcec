"""How a data file is to be read, as a query of an upload and as a JSON object of an analysis."""

from typing import Any, get_args

import marshmallow as ma
from marshmallow.validate import OneOf

from estimator.data.table import TableFormat, TableKind
from service.api.fields import Boolean, QueryBoolean
from service.api.schemas import Input
from service.errors import fields_under

_DELIMITER = {"description": "One character between the cells, such as , ; | or a tab"}
_DECIMAL = {"description": "The decimal mark"}
_KIND = {"description": "delimiter, decimal and header are of CSV only"}
_HEADER = {"description": "Whether the first record names the columns"}


class FormatFields(Input):
    """What both forms share."""

    kind = ma.fields.String(load_default="csv", validate=OneOf(get_args(TableKind)), metadata=_KIND)
    delimiter = ma.fields.String(load_default=",", metadata=_DELIMITER)
    decimal = ma.fields.String(load_default=".", metadata=_DECIMAL, validate=OneOf([".", ","]))


class FormatQuery(FormatFields):
    """How a data file is to be read, as parameters of a query."""

    header = QueryBoolean(load_default=True, metadata=_HEADER)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> TableFormat:
        return TableFormat(**data)


class FormatObject(FormatFields):
    """How a data file is to be read."""

    header = Boolean(load_default=True, metadata=_HEADER)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> TableFormat:
        with fields_under("format"):
            return TableFormat(**data)
