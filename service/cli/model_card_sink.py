"""`nif audit --model-card`: a section for the model's card."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from estimator.errors import InvalidParameter, Place
from service.cli.audit_sinks import AuditRun
from service.report.model_card import model_card
from service.report.rendering import write_whole
from service.report.text import shown


def prepare(values: Mapping[str, Any]) -> None:
    """Refuse a place where no file can be."""
    path = Path(values["model_card"])
    if path.is_dir() or not path.absolute().parent.is_dir():
        detail = f"--model-card {shown(str(path), 120)} must be a file in a folder that is there"
        raise InvalidParameter(detail, errors=[Place(detail, field="--model-card")])


def write(run: AuditRun, values: Mapping[str, Any]) -> Iterable[str]:
    """Write the file; one line that names it."""
    path = Path(values["model_card"])
    name = run.ask.model.stem if run.ask is not None else "model"
    write_whole(path, lambda file: file.write(model_card(run.document, name).encode()))
    return [f"card      {shown(str(path), 300)}"]
