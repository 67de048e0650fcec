import hashlib
import io
from typing import Any

import onnx
import pytest
from flask.testing import FlaskClient
from onnx import numpy_helper

from tests.api.service_here import IRIS_MODEL, ServiceHere, assert_problem
from tests.models.hostile import outside


def test_a_model_is_stored_under_the_hash_of_its_bytes(service: ServiceHere, client: FlaskClient) -> None:
    answer = client.post("/v1/models", data=IRIS_MODEL, content_type="application/octet-stream")
    assert answer.status_code == 201
    model = answer.json
    assert model["id"] == hashlib.sha256(IRIS_MODEL).hexdigest()
    assert answer.headers["Location"] == f"/v1/models/{model['id']}"
    assert [layer["neurons"] for layer in model["layers"]] == [4, 5, 3]
    assert model["pairs"] == 4 * 5 + 5 * 3 + 6 + 10
    assert client.get(answer.headers["Location"]).json == model
    assert service.model() == model["id"]
    assert client.get("/v1/models").json["total"] == 1


def test_a_model_comes_as_a_multipart_file_too(client: FlaskClient) -> None:

    answer = client.post("/v1/models", data={"file": (io.BytesIO(IRIS_MODEL), "../../x.onnx")})
    assert answer.status_code == 201
    assert answer.json["id"] == hashlib.sha256(IRIS_MODEL).hexdigest()


def with_data_beside(location: str = "w.bin") -> tuple[bytes, bytes]:
    """The iris model with its weights in a file of that name, and the file."""
    proto, data = onnx.load_from_string(IRIS_MODEL), b""
    for tensor in proto.graph.initializer:
        raw = numpy_helper.to_array(tensor).tobytes()
        outside(tensor, location=location, offset=str(len(data)), length=str(len(raw)))
        tensor.ClearField("float_data")
        data += raw
    return bytes(proto.SerializeToString()), data


def test_a_models_data_file_comes_with_it_and_is_written_into_it(
    service: ServiceHere, client: FlaskClient
) -> None:
    model, data = with_data_beside()
    parts = {"file": (io.BytesIO(model), "m.onnx"), "external_data": (io.BytesIO(data), "w.bin")}
    answer = client.post("/v1/models", data=parts)
    assert answer.status_code == 201, answer.text
    stored = service.parts.blobs.verified_bytes(answer.json["id"])
    assert [layer["neurons"] for layer in answer.json["layers"]] == [4, 5, 3]
    for ours, theirs in zip(
        onnx.load_from_string(stored).graph.initializer,
        onnx.load_from_string(IRIS_MODEL).graph.initializer,
        strict=True,
    ):
        assert (numpy_helper.to_array(ours) == numpy_helper.to_array(theirs)).all()
    assert service.left_over()["incoming"] == 0


@pytest.mark.parametrize(
    ("location", "filename", "slug", "mentions"),
    [
        ("./w.bin", "w.bin", "invalid-model", "no plain file name"),
        ("a/../w.bin", "w.bin", "invalid-model", "no plain file name"),
        ("W.BIN", "w.bin", "invalid-model", "W.BIN"),
        ("w.bin\0x", "w.bin", "invalid-model", "no plain file name"),
        ("w.bin", "./w.bin", "invalid-parameter", "no plain file name"),
        ("w.bin", "../w.bin", "invalid-parameter", "no plain file name"),
        ("/etc/passwd", "w.bin", "invalid-model", "no plain file name"),
        ("v.bin", "w.bin", "invalid-model", "v.bin"),
    ],
)
def test_a_data_file_of_another_name_is_refused_and_nothing_stays(
    service: ServiceHere, client: FlaskClient, location: str, filename: str, slug: str, mentions: str
) -> None:
    before = service.left_over()
    model, data = with_data_beside(location)
    parts = {"file": (io.BytesIO(model), "m.onnx"), "external_data": (io.BytesIO(data), filename)}
    assert mentions in assert_problem(client.post("/v1/models", data=parts), 422, slug)["detail"]
    answer = client.post("/v1/models", data={"file": (io.BytesIO(model), "m.onnx")})
    assert "external data" in assert_problem(answer, 422, "invalid-model")["detail"]
    assert service.left_over() == before


def test_data_files_are_given_once_and_used(service: ServiceHere, client: FlaskClient) -> None:
    model, data = with_data_beside()
    before = service.left_over()
    for names, slug in ((["w.bin", "w.bin"], "invalid-parameter"), (["w.bin", "v.bin"], "invalid-model")):
        parts: dict[str, Any] = {
            "file": (io.BytesIO(model), "m.onnx"),
            "external_data": [(io.BytesIO(data), name) for name in names],
        }
        assert_problem(client.post("/v1/models", data=parts), 422, slug)
    whole = {"file": (io.BytesIO(IRIS_MODEL), "m.onnx"), "external_data": (io.BytesIO(data), "w.bin")}
    assert_problem(client.post("/v1/models", data=whole), 422, "invalid-model")
    empty = {"file": (io.BytesIO(model), "m.onnx"), "external_data": (io.BytesIO(b""), "w.bin")}
    assert_problem(client.post("/v1/models", data=empty), 400, "malformed-request")
    assert service.left_over() == before


def test_what_is_no_model_is_refused_and_not_stored(service: ServiceHere, client: FlaskClient) -> None:
    before = service.left_over()
    for data in (b"\x80\x04\x95pickle", b"\0" * 100, IRIS_MODEL[:-7], IRIS_MODEL + IRIS_MODEL):
        answer = client.post("/v1/models", data=data, content_type="application/octet-stream")
        assert_problem(answer, 422, "invalid-model")
    assert service.left_over() == before


def test_a_model_is_deleted_unless_an_analysis_uses_it(service: ServiceHere, client: FlaskClient) -> None:
    analysis = service.submit()
    model = client.get(f"/v1/analyses/{analysis}").json["model_id"]
    assert_problem(client.delete(f"/v1/models/{model}"), 409, "in-use")
    assert client.delete(f"/v1/analyses/{analysis}").status_code == 204
    assert client.delete(f"/v1/models/{model}").status_code == 204
    assert_problem(client.get(f"/v1/models/{model}"), 404, "not-found")
    assert not service.parts.blobs.exists(model)


def test_an_etag_saves_the_second_answer(service: ServiceHere, client: FlaskClient) -> None:
    path = f"/v1/models/{service.model()}"
    tag = client.get(path).headers["ETag"]
    for seen in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get(path, headers={"If-None-Match": seen})
        assert (answer.status_code, answer.data) == (304, b"")
    assert client.get(path, headers={"If-Match": f"W/{tag}"}).status_code == 200
    assert_problem(client.get(path, headers={"If-Match": '"old"'}), 412, "precondition-failed")
    assert_problem(client.delete(path, headers={"If-Match": '"old"'}), 412, "precondition-failed")
    head = client.head(path)
    assert (head.status_code, head.headers["ETag"], head.data) == (200, tag, b"")


def test_the_analyses_of_a_model_are_listed_under_it(service: ServiceHere, client: FlaskClient) -> None:
    first, second = service.submit(), service.submit()
    model = client.get(f"/v1/analyses/{first}").json["model_id"]
    client.post(f"/v1/analyses/{second}/cancellation")
    listed = client.get(f"/v1/models/{model}/analyses").json["items"]
    assert [row["id"] for row in listed] == [second, first]
    waiting = client.get(f"/v1/models/{model}/analyses?status=queued").json["items"]
    assert [row["id"] for row in waiting] == [first]
    page = client.get(f"/v1/models/{model}/analyses?limit=1").json
    rest = client.get(f"/v1/models/{model}/analyses?limit=1&cursor={page['next']}").json
    assert ([row["id"] for row in rest["items"]], rest["next"]) == ([first], None)
    assert_problem(client.get(f"/v1/models/{'0' * 64}/analyses"), 404, "not-found")
