"""`nif audit --mlflow-run`: metrics, tags, pages and bundle in a run of MLflow; the verdict stands anyway."""

import importlib.util
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from estimator.errors import InvalidParameter, Place
from service.cli.audit_sinks import AuditRun
from service.mlflow_run.tracking import tracking_uri, without_password
from service.report.text import shown

_RUN = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}", re.ASCII)


def prepare(values: Mapping[str, Any]) -> None:
    """Refuse what is wrong in itself; whether the server answers is seen afterwards."""
    if importlib.util.find_spec("mlflow") is None:
        raise ModuleNotFoundError("No module named 'mlflow'", name="mlflow")
    if not _RUN.fullmatch(values["mlflow_run"]):
        detail = f"--mlflow-run is {shown(values['mlflow_run'])!r}, which is no id of a run"
        raise InvalidParameter(detail, errors=[Place(detail, field="--mlflow-run")])
    tracking_uri(values["mlflow_uri"])


def write(run: AuditRun, values: Mapping[str, Any]) -> Iterable[str]:
    """Log everything; one line that says where."""
    from service.mlflow_run.logged_audit import log_audit
    from service.report.model_card import model_card

    uri = tracking_uri(values["mlflow_uri"])
    name = run.ask.model.stem if run.ask is not None else "model"
    texts = {
        "audit.json": json.dumps(dict(run.document), indent=1, allow_nan=False),
        "model_card.md": model_card(run.document, name),
    }
    bundle = Path(values["bundle"]) if values["bundle"] else None
    log_audit(uri, values["mlflow_run"], run.document, run.network, texts, bundle)
    return [f"mlflow    run {values['mlflow_run']} at {without_password(uri)}"]
