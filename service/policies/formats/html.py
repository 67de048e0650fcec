"""A page of its own: the section of the audit, what was judged, no script and nothing from outside."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from service.policies.formats.wording import record
from service.report.rendering import STYLE, template
from service.report.studies.audit import section
from service.report.studies.blocks import blocks
from service.report.text import shown

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def render(document: Mapping[str, Any]) -> str:
    return template("audit.html.j2").render(
        title=f"Audit: {shown(document['policy']['name'])}",
        policy=POLICY,
        style=STYLE,
        study=blocks([replace(section(document), figures=())])[0],
        record=record(document),
    )
