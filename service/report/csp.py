"""The pages' own scripts, and the Content-Security-Policy that lets them and plotly run and nothing else."""

import base64
import hashlib
from importlib.resources import files

_STATIC = files("service.report").joinpath("static")
SCRIPT = _STATIC.joinpath("report.js").read_text(encoding="utf-8")
STUDY_SCRIPT = _STATIC.joinpath("studies.js").read_text(encoding="utf-8")


def _hashed(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


# plotly writes style elements and attributes; its picture button makes a data: image.
_DIRECTIVES = (
    "default-src 'none'",
    f"script-src 'self' {_hashed(SCRIPT)} {_hashed(STUDY_SCRIPT)}",
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
)


def embedded_policy() -> str:
    """The policy for the page's own <meta>, in force also when the page is opened from a disk."""
    return "; ".join(_DIRECTIVES)


def content_security_policy() -> str:
    """The policy for the header of the served page; framing can only be forbidden there."""
    return "; ".join((*_DIRECTIVES, "frame-ancestors 'none'"))
