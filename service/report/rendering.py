"""What every page is made with: the templates, the style, data for scripts, and files written whole."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from service.report.bundle import FILE_NAME, plotly_bundle

_TEMPLATES = Environment(
    loader=PackageLoader("service.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = Markup((Path(__file__).parent / "static" / "report.css").read_text(encoding="utf-8"))  # noqa: S704


def template(name: str) -> Template:
    return _TEMPLATES.get_template(name)


def embedded_json(data: Mapping[str, Any]) -> Markup:
    """JSON for a <script type="application/json">: no `<` in it can end the element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def write_page(page: str, path: Path) -> Path:
    """Write a page, and plotly's script beside it, each whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = page.encode()
    with plotly_bundle().open("rb") as script:
        write_whole(path.with_name(FILE_NAME), lambda file: shutil.copyfileobj(script, file))
    write_whole(path, lambda file: file.write(data))
    return path


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """The file appears with all that `write` puts into it, or stays as it was."""
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with part.open("xb") as file:
            write(file)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
