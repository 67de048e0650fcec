"""A study on a page of its own: for the command line, and for the API where a study is asked for as HTML."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from service.report.bundle import FILE_NAME
from service.report.computed import Entry, entry
from service.report.csp import STUDY_SCRIPT, embedded_policy
from service.report.rendering import STYLE, template, write_page, write_whole
from service.report.studies.blocks import blocks
from service.report.studies.section import Section
from service.report.text import shown

LONGEST_TITLE = 120
SIDES = {"diff": ("base", "head"), "audit": ("analysis", "baseline")}


def study_page(section: Section, document: Mapping[str, Any], *, plotly_src: str, title: str) -> str:
    """The page as HTML. plotly_src: where the page finds plotly's script, relative or on its own host.

    Serve it with `service.report.csp.content_security_policy()`.
    """
    return template("study.html.j2").render(
        title=shown(title, LONGEST_TITLE) if title.strip() else section.title,
        plotly_src=plotly_src,
        policy=embedded_policy(),
        style=STYLE,
        script=Markup(STUDY_SCRIPT),  # noqa: S704 - our own constant
        study=blocks([section])[0],
        record=_record(document),
    )


def write_study(section: Section, document: Mapping[str, Any], folder: Path, title: str) -> Path:
    """Write KIND.html, KIND.json and plotly's script into `folder`; returns the page's path.

    document: of `service/cli/study_here.py`, whose `kind` names the files.
    """
    page = study_page(section, document, plotly_src=FILE_NAME, title=title)
    data = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode()
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{document['kind']}.json", lambda file: file.write(data))
    return write_page(page, folder / f"{document['kind']}.html")


def _record(document: Mapping[str, Any]) -> tuple[Entry, ...]:
    """What the study is of, side by side, and with which options and versions."""
    of = document.get("of", ())
    sides = SIDES.get(str(document.get("kind")), ("", "other")) if len(of) > 1 else ("",)
    found = [
        entry(f"{key} {side and f'of {side}'}".strip(), key, value)
        for side, origin in zip(sides, of, strict=True)
        for key, value in origin.items()
        if value is not None
    ]
    for key in ("options", "versions"):
        given = document.get(key)
        if isinstance(given, Mapping):
            found += [entry(name, name, value) for name, value in given.items()]
    return tuple(found)
