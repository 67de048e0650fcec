"""`python -m service.api.openapi_file` writes openapi.yaml; a test keeps it equal to the code."""

import sys
from pathlib import Path

import yaml
from flask import Flask

from service.api.openapi import add_routes, document


def text() -> str:
    """The document as YAML."""
    spec = document(add_routes(Flask("nif")))
    return yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "openapi.yaml")
    target.write_text(text(), encoding="utf-8")
