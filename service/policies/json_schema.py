"""`python -m service.policies.json_schema` writes policy.schema.json; a test keeps it equal to the code."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import marshmallow as ma

from service.policies.faults import MOST_RULES, TOP
from service.policies.fields import LAYER_GROUPS, Amount, Choice, Count, Flag, Layers, Text
from service.policies.rules.kinds import RULES

FILE = Path(__file__).parent / "policy.schema.json"


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a policy, for editors and for checks before a commit."""
    top = _mapping({name: field for name, field in TOP.items() if name != "rules"})
    kinds = [{"$ref": f"#/$defs/{kind}"} for kind in RULES]
    top["properties"]["rules"] = {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_RULES,
        "items": {"oneOf": kinds},
    }
    top["required"].append("rules")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy of NIF (nif audit)",
        **top,
        "$defs": {
            kind: {"title": kind, "description": rule.summary} | _mapping(rule.schema()().fields)
            for kind, rule in RULES.items()
        },
    }


def text() -> str:
    """The schema as it is published."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _mapping(fields: dict[str, ma.fields.Field[Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, field in fields.items() if field.required],
        "properties": {name: dict(_members(field)) for name, field in fields.items()},
    }


def _members(field: ma.fields.Field[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(field, Choice):
        yield "enum", list(field.choices)
    elif isinstance(field, Text):
        yield from (("type", "string"), ("minLength", 1), ("maxLength", field.longest))
    elif isinstance(field, Amount | Count):
        yield "type", "integer" if isinstance(field, Count) else "number"
        yield "minimum", field.least
        if field.most is not None:
            yield "maximum", field.most
    elif isinstance(field, Flag):
        yield "type", "boolean"
    elif isinstance(field, Layers):
        names = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}}
        yield "oneOf", [{"enum": list(LAYER_GROUPS)}, names]
    if "description" in field.metadata:
        yield "description", field.metadata["description"]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    target.write_text(text(), encoding="utf-8")
