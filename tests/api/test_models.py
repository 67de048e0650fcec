import hashlib
import io

from flask.testing import FlaskClient

from tests.api.service_here import IRIS_MODEL, ServiceHere, assert_problem


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
