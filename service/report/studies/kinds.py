"""From a study's document to its section: each kind's module is loaded when a page shows one."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from service.report.studies.section import Section

MODULES = {
    "ablation": "service.report.studies.ablation",
    "comparison": "service.report.studies.comparison",
    "diff": "service.report.studies.diff",
    "audit": "service.report.studies.audit",
}


def section_of(document: Mapping[str, Any]) -> Section:
    """The section of a study's document, by its `kind`."""
    section: Section = import_module(MODULES[document["kind"]]).section(document)
    return section
