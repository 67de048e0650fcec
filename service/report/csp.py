"""The page's own script, and the Content-Security-Policy that lets it and plotly run and nothing else."""

import base64
import hashlib
from importlib.resources import files

SCRIPT = files("service.report").joinpath("static/report.js").read_text(encoding="utf-8")
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
# plotly writes style elements and attributes; its picture button makes a data: image.
_DIRECTIVES = (
    "default-src 'none'",
    f"script-src 'self' 'sha256-{_SCRIPT_HASH}'",
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
