"""An audit in MLflow, against a real tracking server: results in a run, models from the registry."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
import yaml

from service.report.model_card import model_card
from tests.cli.mlflow_server import ENVIRONMENT, free_port, mlflow_server
from tests.cli.nif import IRIS, nif, refusal

POLICY = "version: 1\nrules:\n  - {id: rows, rule: minimum-rows, min: 100}\n"
FAILS = POLICY.replace("100", "1000")
MODEL, DATA = IRIS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (ENVIRONMENT | {"MLFLOW_TRACKING_URI": server}).items():
        monkeypatch.setenv(name, value)  # taken back afterwards, also what MLflow itself puts there
    import mlflow

    mlflow.set_tracking_uri(server)
    mlflow.set_registry_uri(server)
    return mlflow.MlflowClient(server)


def new_run(client: Any) -> str:
    return str(client.create_run("0").info.run_id)


def test_an_audit_is_logged_with_metrics_tags_pages_and_bundle(tmp_path, server, client):
    run = new_run(client)
    (tmp_path / "policy.yaml").write_text(POLICY)
    nif(tmp_path, "keys", "signing", "create", "auditor")
    done = nif(
        tmp_path, "audit", MODEL, DATA, "--policy", "policy.yaml", "--target", "species", "--mlflow-run", run,
        "--bundle", "out.nif.zip", "--signing-key", "auditor.key", env={"MLFLOW_TRACKING_URI": server},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"run {run} at {server}" in done.stdout
    logged = client.get_run(run).data
    assert logged.tags["nif.verdict"] == "pass"
    assert logged.tags["nif.rule.rows"] == "pass: 150 rows, at least 100 are asked for"
    assert len(logged.tags["nif.model_sha256"]) == 64
    assert logged.metrics["nif.rule.rows"] == 150
    assert logged.metrics["nif.rules.pass"] == 1
    assert 0 < logged.metrics["nif.probe.species.output"] < logged.metrics["nif.probe.species.output_high"]
    files = {Path(info.path).name for info in client.list_artifacts(run, "nif")}
    assert files == {
        "audit.json", "model_card.md", "network.json", "out.nif.zip", "plotly.min.js", "report.html",
    }  # fmt: skip
    kept = client.download_artifacts(run, "nif/out.nif.zip", str(tmp_path))
    verified = nif(tmp_path, "verify", kept, "--key", "auditor.pub", "--model", MODEL, "--data", DATA)
    assert verified.returncode == 0, verified.stderr


def test_a_model_of_the_registry_is_audited_when_its_flavour_is_onnx(tmp_path, server, client):
    import mlflow
    import mlflow.onnx

    run = new_run(client)
    with mlflow.start_run(run_id=run):
        mlflow.onnx.log_model(
            onnx.load(MODEL), name="model", registered_model_name="iris", save_as_external_data=False
        )
    (tmp_path / "policy.yaml").write_text(POLICY)
    env = {"MLFLOW_TRACKING_URI": server}
    audited = ("audit", "models:/iris/1", DATA, "--policy", "policy.yaml", "--target", "species")
    done = nif(tmp_path, *audited, "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{")
    gone = ("audit", "models:/iris/7", DATA, "--policy", "policy.yaml", "--target", "species")
    assert "MLflow" in refusal(nif(tmp_path, *gone, env=env))


def test_a_model_of_another_flavour_is_refused_with_its_name(tmp_path, server, client):
    from mlflow.models import Model

    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"x")
    Model(flavors={"other": {"data": "weights.bin"}}).save(str(folder / "MLmodel"))
    run = new_run(client)
    client.log_artifacts(run, str(folder), "other")
    client.create_registered_model("other")
    client.create_model_version("other", f"{client.get_run(run).info.artifact_uri}/other", run)
    done = nif(tmp_path, "analyze", "models:/other/1", DATA, env={"MLFLOW_TRACKING_URI": server})
    assert "has the flavours other" in refusal(done)


@pytest.mark.parametrize(("policy", "code"), [(POLICY, 0), (FAILS, 1)])
def test_a_server_that_does_not_answer_leaves_the_verdict_and_says_so(tmp_path, policy, code):
    (tmp_path / "policy.yaml").write_text(policy)
    env = {
        "MLFLOW_TRACKING_URI": f"http://user:secret@127.0.0.1:{free_port()}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    audited = (
        "audit",
        MODEL,
        DATA,
        "--policy",
        "policy.yaml",
        "--target",
        "species",
        "--mlflow-run",
        "1" * 32,
    )
    done = nif(tmp_path, *audited, env=env)
    assert done.returncode == code, done.stderr
    assert "it does not answer; the verdict stands" in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_wrong_in_itself_is_refused_before_the_analysis(tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)
    audited = ("audit", MODEL, DATA, "--policy", "policy.yaml", "--mlflow-run")
    assert "no MLflow server is named" in refusal(nif(tmp_path, *audited, "abc"))
    assert "no id of a run" in refusal(nif(tmp_path, *audited, "../x", "--mlflow-uri", "http://x"))
    env = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}
    assert "models:/NAME/VERSION" in refusal(nif(tmp_path, "analyze", "models:/iris", DATA, env=env))


def test_the_card_is_markdown_that_names_cannot_break_and_metadata_that_yaml_reads():
    rule = {
        "id": "a|b`[x](javascript:1)\n::error::", "rule": "minimum-rows", "description": None,
        "verdict": "fail", "reason": "<script>", "measured": 1.5, "low": 1.0, "high": 2.0, "limit": 1.0,
        "unit": "nats",
    }  # fmt: skip
    document = {
        "verdict": "fail", "policy": {"name": "p: [x"}, "versions": {"neural-information-flow": "0.1.0"},
        "network": {"rows": 10, "model_sha256": "a", "data_sha256": "b"}, "rules": [rule],
    }  # fmt: skip
    card = model_card(document, 'm"\n: x')
    _, front, text = card.split("---\n", 2)
    [entry] = yaml.safe_load(front)["model-index"]
    assert entry["name"] == 'm"\n: x'
    [metric] = entry["results"][0]["metrics"]
    assert (metric["type"], metric["value"], metric["args"]["high"]) == ("minimum-rows", 1.5, 2.0)
    [row] = [line for line in text.splitlines() if "fail" in line and line.startswith("| a")]
    assert row.replace("\\|", "").count("|") == 7
    assert "<script>" not in text
    assert not any(line.startswith("::") for line in text.splitlines())
