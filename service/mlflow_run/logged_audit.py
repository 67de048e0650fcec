"""An audit written to a run of an MLflow tracking server."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estimator.network import FlowNetwork
from service.mlflow_run.audit_record import metrics, tags
from service.mlflow_run.tracking import tracking

FOLDER = "nif"


def log_audit(
    uri: str,
    run_id: str,
    document: Mapping[str, Any],
    network: FlowNetwork,
    texts: Mapping[str, str],
    bundle: Path | None,
) -> None:
    """Metrics, tags and, below `nif/`, the pages, the network and the bundle.

    texts: {file name: content} to log besides. The verdict's tag is set last: a run that has it has all.
    Raises NotFound for a run that is not there, Unavailable for a server that does not answer.
    """
    with tracking(uri) as client, tempfile.TemporaryDirectory(prefix="nif-mlflow-") as folder:
        client.get_run(run_id)
        _write_report(network, Path(folder))
        for name, text in texts.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        client.log_artifacts(run_id, folder, FOLDER)
        if bundle is not None:
            client.log_artifact(run_id, str(bundle), FOLDER)
        for key, value in metrics(document, network).items():
            client.log_metric(run_id, key, value)
        named = tags(document)
        for key in [key for key in named if key != "nif.verdict"] + ["nif.verdict"]:
            client.set_tag(run_id, key, named[key])


def _write_report(network: FlowNetwork, folder: Path) -> None:
    from estimator.graph.describe import describe
    from estimator.graph.export import json as json_export
    from service.report.page import write_report

    facts = describe(network)
    write_report(network, facts, folder, title="Audited model")
    with (folder / "network.json").open("wb") as file:
        file.writelines(json_export(network, facts))
