"""What an audit's document is written as: one module a format, each with `render(document) -> str`."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Format:
    """file: what it is called in a folder of several. media_type: over HTTP."""

    name: str
    file: str
    media_type: str


FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("terminal", "audit.txt", "text/plain"),
        Format("json", "audit.json", "application/json"),
        Format("junit", "audit.junit.xml", "application/xml"),
        Format("sarif", "audit.sarif", "application/sarif+json"),
        Format("markdown", "audit.md", "text/markdown"),
        Format("html", "audit.html", "text/html"),
    )
}


def render(name: str, document: Mapping[str, Any]) -> str:
    """The document of an audit (`Audit.document()`) in a format of FORMATS."""
    text: str = import_module(f"service.policies.formats.{FORMATS[name].name}").render(document)
    return text
