"""What the commands of studies write: the page where a folder is asked for, then JSON or words."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.cli.exits import write
from service.report.studies.section import Section


def write_study_output(
    section: Section, document: Mapping[str, Any], title: str, *, output: str | None, as_json: bool
) -> None:
    """output: the folder for the page. as_json: the whole document on standard output, and nothing else."""
    from service.report.studies.page import write_study

    page = write_study(section, document, Path(output), title) if output else None
    if as_json:
        write(json.dumps(document, indent=1))
        return
    from service.cli.section_text import section_lines

    for line in section_lines(section):
        write(line)
    if page is not None:
        write(f"page      {page}")
