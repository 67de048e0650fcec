"""An API on a data folder of its own, with its real catalog, blobs, store and queue, but without a worker."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from estimator.network import FlowNetwork
from service.api.errors import MEDIA_TYPE
from service.app import app_of
from service.parts import open_parts
from service.settings import load_settings
from tests.networks import probe, random_network

ROOT = Path(__file__).parents[2]
IRIS_MODEL = (ROOT / "examples/iris/iris.onnx").read_bytes()
IRIS_DATA = (ROOT / "examples/iris/iris.csv").read_bytes()
TARGET = IRIS_DATA.split(b"\n", 1)[0].decode().strip().split(",")[-1]
OPTIONS = {"target": TARGET}


class ServiceHere:
    """No job is run here; `finish` gives it the end that a worker would have given it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.settings = load_settings({"NIF_DATA_DIR": str(folder)} | variables)
        self.parts = open_parts(self.settings)
        self.app = app_of(self.parts)
        self.client = self.app.test_client()

    def close(self) -> None:
        self.parts.close()

    def model(self, data: bytes = IRIS_MODEL, **headers: str) -> str:
        answer = self.client.post(
            "/v1/models", data=data, content_type="application/octet-stream", headers=headers
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json["id"])

    def dataset(self, data: bytes = IRIS_DATA, **headers: str) -> str:
        answer = self.client.post("/v1/datasets", data=data, content_type="text/csv", headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json["id"])

    def body(self, **more: Any) -> dict[str, Any]:
        return {"model_id": self.model(), "dataset_id": self.dataset(), "options": OPTIONS} | more

    def submit(self, **more: Any) -> str:
        answer = self.client.post("/v1/analyses", json=self.body(**more))
        assert answer.status_code == 202, answer.text
        return str(answer.json["id"])

    def finish(self, analysis_id: str, status: str = "SUCCESS") -> None:
        with sqlite3.connect(self.settings.data_dir / "queue.db") as db:
            db.execute("UPDATE workflow_status SET status = ? WHERE workflow_uuid = ?", (status, analysis_id))
        db.close()

    def done(self, network: FlowNetwork | None = None) -> str:
        """An analysis that is done, with that network (or a random one with a probe) in the store."""
        analysis_id = self.submit()
        if network is None:
            network = random_network(1)
            network = replace(network, probes=(probe(network),))
        self.parts.store.write(analysis_id, network)
        self.finish(analysis_id)
        return analysis_id

    def studied(self, study_id: str, document: Mapping[str, Any]) -> str:
        """Give a study the end that a worker would have given it."""
        record = self.parts.catalog.study(study_id)
        self.parts.store.write_study(study_id, record.kind, record.analyses, document)
        self.finish(study_id)
        return study_id

    def left_over(self) -> dict[str, int]:
        """What may not grow by an error: files, rows, jobs, temporary files."""
        blobs = self.parts.blobs
        return self.parts.catalog.sizes() | {
            "blobs": len(blobs.hashes()),
            "incoming": len(list(blobs.incoming.iterdir())),
            "jobs": self.parts.queue.depth(),
        }


def assert_problem(answer: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """The answer is a problem of that type, with no inner life of the service in it."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == MEDIA_TYPE
    body: dict[str, Any] = answer.json
    assert body["type"] == f"/problems/{slug}", body
    assert body["status"] == status
    assert 0 < len(body["detail"]) <= 500
    for word in ("Traceback", 'File "', "site-packages", "/tmp/", "SELECT", "embedded://", "sqlite"):
        assert word not in answer.text
    return body
