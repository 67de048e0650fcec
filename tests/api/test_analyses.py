import io
import json
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from estimator.data.table import TableFormat
from estimator.options import Options
from service.analyses import finish_deletions
from service.app import sweep
from service.catalog.analyses import insert_analysis
from service.jobs.database import QueueUnavailable
from service.submissions import enqueue_waiting
from tests.api.service_here import IRIS_DATA, IRIS_MODEL, OPTIONS, ServiceHere, assert_problem
from tests.api.test_models import with_data_beside
from tests.models.graphs import matrix, model, node
from tests.networks import random_network


def one_shot(**more: Any) -> dict[str, Any]:
    files = {"data": (io.BytesIO(IRIS_DATA), "iris.csv"), "model": (io.BytesIO(IRIS_MODEL), "iris.onnx")}
    return files | {"options": json.dumps(OPTIONS)} | more


def test_a_submitted_analysis_waits_in_the_queue(service: ServiceHere, client: FlaskClient) -> None:
    body = service.body(options=OPTIONS | {"beta": 0.25, "seed": 7})
    answer = client.post("/v1/analyses", json=body)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/analyses/{answer.json['id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["status"] == "queued"
    assert answer.json["options"]["beta"] == 0.25
    assert answer.json["model_id"] == body["model_id"]
    assert service.parts.queue.depth() == 1
    assert client.get(answer.headers["Location"]).json == answer.json
    record = service.parts.catalog.analysis(answer.json["id"])
    assert (record.options.beta, record.options.seed, record.enqueued) == (0.25, 7, True)


def test_files_and_options_come_in_one_request_in_any_order(
    service: ServiceHere, client: FlaskClient
) -> None:
    answer = client.post("/v1/analyses", data=one_shot())
    assert answer.status_code == 202, answer.text
    assert client.get("/v1/models").json["items"][0]["id"] == answer.json["model_id"]
    assert client.get("/v1/datasets").json["items"][0]["id"] == answer.json["dataset_id"]
    assert service.left_over()["incoming"] == 0


@pytest.mark.parametrize(
    ("parts", "status", "slug"),
    [
        ({"model": (io.BytesIO(b"no model"), "x")}, 422, "invalid-model"),
        ({"data": (io.BytesIO(b"a,b\n1,2,3\n"), "x")}, 422, "invalid-dataset"),
        ({"model": "a plain field"}, 422, "invalid-parameter"),
        ({"extra": (io.BytesIO(b"x"), "x")}, 422, "unknown-field"),
        ({"options": '{"betaa": 1}'}, 422, "unknown-field"),
        ({"options": '{"beta": 1, "beta": 2}'}, 400, "invalid-json"),
        ({"options": '{"target": "nobody"}'}, 422, "invalid-parameter"),
        ({"options": "{}"}, 422, "columns-mismatch"),
        ({"data": (io.BytesIO(b""), "x")}, 400, "malformed-request"),
    ],
)
def test_a_bad_part_leaves_nothing(
    service: ServiceHere, client: FlaskClient, parts: dict[str, Any], status: int, slug: str
) -> None:
    for value in parts.values():
        if isinstance(value, tuple):
            parts = {name: (io.BytesIO(v[0].getvalue()), v[1]) for name, v in parts.items()}
    before = service.left_over()
    assert_problem(client.post("/v1/analyses", data=one_shot(**parts)), status, slug)
    assert service.left_over() == before


def test_a_models_data_file_comes_with_a_request_too(service: ServiceHere, client: FlaskClient) -> None:
    model, data = with_data_beside()
    parts = one_shot(
        model=(io.BytesIO(model), "m.onnx"),
        external_data=(io.BytesIO(data), "w.bin"),
        options=json.dumps(OPTIONS),
    )
    answer = client.post("/v1/analyses", data=parts)
    assert answer.status_code == 202, answer.text
    assert client.get(f"/v1/models/{answer.json['model_id']}").status_code == 200
    before = service.left_over()
    parts = one_shot(model=(io.BytesIO(model), "m.onnx"), external_data=(io.BytesIO(data[1:]), "w.bin"))
    assert_problem(client.post("/v1/analyses", data=parts), 422, "invalid-model")
    assert service.left_over() == before


def test_a_missing_or_doubled_part_is_named(service: ServiceHere, client: FlaskClient) -> None:
    parts = one_shot()
    del parts["data"]
    body = assert_problem(client.post("/v1/analyses", data=parts), 422, "invalid-parameter")
    assert body["errors"][0]["field"] == "data"
    twice = one_shot(model=[(io.BytesIO(IRIS_MODEL), "a"), (io.BytesIO(IRIS_MODEL), "b")])
    body = assert_problem(client.post("/v1/analyses", data=twice), 422, "invalid-parameter")
    assert body["errors"][0]["field"] == "model"
    assert service.left_over()["incoming"] == 0


WRONG: dict[str, list[Any]] = {
    "beta": [-1, 1e308, True, "0.5", "1_0.5", None, []],
    "alpha": [0, 1, 2, 1e-17],
    "seed": [-1, 2**63, 2**64, 10**20, 3.0, 3.7, "3", True, None],
    "permutations": [0, 10**9],
    "estimator": ["best", None, 1],
    "redundancy": ["max"],
    "target": [5, "", []],
    "probes": ["a", [1], [None], ["a", "a"], {}],
    "columns_by": ["order"],
    "cross_check": ["convex"],
    "cross_check_share": [0, 1.5],
    "device": ["tpu"],
    "parameters": [[], "x"],
}


def test_wrong_values_of_options_are_named_by_their_path(service: ServiceHere, client: FlaskClient) -> None:
    body = service.body()
    for name, value in [(name, value) for name, values in WRONG.items() for value in values]:
        answer = client.post("/v1/analyses", json=body | {"options": OPTIONS | {name: value}})
        problem = assert_problem(answer, 422, "invalid-parameter")
        assert problem["errors"][0]["field"].startswith(f"options.{name}"), (name, value, problem)
    assert service.parts.queue.depth() == 0


def test_wrong_bodies_are_refused(service: ServiceHere, client: FlaskClient) -> None:
    good = service.body()
    for change, slug in [
        ({"url": "http://169.254.169.254/"}, "unknown-field"),
        ({"store": "bolt://x"}, "unknown-field"),
        ({"optoins": {}}, "unknown-field"),
        ({"model_id": "file:///etc/passwd"}, "invalid-parameter"),
        ({"model_id": good["dataset_id"]}, "invalid-parameter"),
        ({"dataset_id": good["model_id"]}, "invalid-parameter"),
        ({"dataset_id": good["dataset_id"].upper()}, "invalid-parameter"),
        ({"dataset_id": good["dataset_id"] + "\n"}, "invalid-parameter"),
        ({"model_id": None}, "invalid-parameter"),
        ({"options": []}, "invalid-parameter"),
        ({"format": {"delimiter": ";;"}}, "invalid-parameter"),
        ({"format": {"kind": "xls"}}, "invalid-parameter"),
        ({"format": {"sep": ";"}}, "unknown-field"),
    ]:
        body = assert_problem(client.post("/v1/analyses", json=good | change), 422, slug)
        assert body["errors"][0]["field"].split(".")[0] == next(iter(change))
    for text in ("[]", '"x"', "1", "null"):
        answer = client.post("/v1/analyses", data=text, content_type="application/json")
        assert_problem(answer, 422, "invalid-parameter")
    assert service.parts.queue.depth() == 0


def test_what_the_bytes_tell_is_refused_before_the_queue(service: ServiceHere, client: FlaskClient) -> None:
    body = service.body(options={})
    problem = assert_problem(client.post("/v1/analyses", json=body), 422, "columns-mismatch")
    assert problem["errors"]
    body["options"] = OPTIONS | {"probes": ["nobody"]}
    problem = assert_problem(client.post("/v1/analyses", json=body), 422, "invalid-parameter")
    assert problem["errors"][0]["field"] == "options.probes.0"
    assert service.parts.queue.depth() == 0


def test_a_pair_of_files_is_read_once_and_again_when_one_is_changed(
    service: ServiceHere, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = service.body()
    read: list[str] = []
    verified = service.parts.blobs.verified_bytes

    def counted(sha256: str) -> bytes:
        read.append(sha256)
        return verified(sha256)

    monkeypatch.setattr(type(service.parts.blobs), "verified_bytes", lambda _, sha256: counted(sha256))
    for seed in range(3):
        answer = client.post("/v1/analyses", json=body | {"options": OPTIONS | {"seed": seed}})
        assert answer.status_code == 202
    assert sorted(read) == sorted([body["model_id"], body["dataset_id"]])
    without_target = client.post("/v1/analyses", json=body | {"options": {}})
    assert_problem(without_target, 422, "columns-mismatch")
    assert len(read) == 4, "other columns are another question"
    blob = service.parts.blobs.path(body["dataset_id"])
    blob.write_bytes(blob.read_bytes().replace(b"5.1", b"5.2", 1))
    assert_problem(client.post("/v1/analyses", json=body), 409, "blob-corrupt")


def test_an_estimate_runs_and_stores_nothing(service: ServiceHere, client: FlaskClient) -> None:
    body = service.body()
    before = service.left_over()
    found = client.post("/v1/estimates", json=body).json
    assert (found["rows"], found["neurons"]) == (150, 12)
    assert found["pairs"] == 4 * 5 + 5 * 3 + 6 + 10 + 12
    assert found["seconds"] > 0 and found["memory_bytes"] > 0
    assert service.left_over() == before
    assert_problem(client.post("/v1/estimates", json=body | {"options": {}}), 422, "columns-mismatch")


def test_columns_are_given_to_several_inputs(service: ServiceHere, client: FlaskClient) -> None:
    nodes = [node("Gemm", "x w", "a"), node("Relu", "a", "h"), node("Concat", "h z", "c", axis=1),
             node("Gemm", "c u", "y")]  # fmt: skip
    inputs = {"x": ["n", 3], "z": ["n", 1]}
    proto = model(nodes, {"w": matrix(3, 5), "u": matrix(6, 2)}, inputs=inputs)
    ids = {"model_id": service.model(proto.SerializeToString()), "dataset_id": service.dataset()}
    columns = IRIS_DATA.split(b"\n", 1)[0].decode().strip().split(",")
    asked = {"x": columns[1:4], "z": columns[:1]}
    answer = client.post("/v1/estimates", json=ids | {"options": OPTIONS | {"inputs": asked}})
    assert answer.status_code == 200, answer.text
    analysis = client.post("/v1/analyses", json=ids | {"options": OPTIONS | {"inputs": asked}})
    assert analysis.json["options"]["inputs"] == asked
    for wrong, field in (
        ({"x": columns[1:4]}, "options.inputs.z"),
        ({"x": columns[1:4], "z": ["sepal"]}, "options.inputs.z"),
        ({"x": [], "z": columns[:1]}, "options.inputs.x"),
        ({"x": "abc", "z": columns[:1]}, "options.inputs.x"),
        ({"x": [1, 2, 3], "z": columns[:1]}, "options.inputs.x"),
        ([], "options.inputs"),
    ):
        answer = client.post("/v1/estimates", json=ids | {"options": OPTIONS | {"inputs": wrong}})
        body = assert_problem(answer, 422, "invalid-parameter")
        assert body["errors"][0]["field"].startswith(field), body


def test_one_idempotency_key_makes_one_analysis(service: ServiceHere, client: FlaskClient) -> None:
    body = service.body()
    key = {"Idempotency-Key": "k-1"}

    def post(_: int) -> tuple[int, str]:
        answer = service.app.test_client().post("/v1/analyses", json=body, headers=key)
        return answer.status_code, answer.headers.get("Location", "")

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(post, range(20)))
    assert len(answers) == 1 and answers.pop()[0] == 202
    assert service.parts.catalog.sizes()["analyses"] == 1
    reordered = json.dumps(dict(reversed(body.items())))
    again = client.post("/v1/analyses", data=reordered, content_type="application/json", headers=key)
    assert again.status_code == 202 and service.parts.catalog.sizes()["analyses"] == 1
    other = body | {"options": OPTIONS | {"beta": 0.75}}
    assert_problem(client.post("/v1/analyses", json=other, headers=key), 422, "idempotency-mismatch")


def test_a_key_is_free_after_a_refusal_and_after_its_time(service: ServiceHere, client: FlaskClient) -> None:
    body = service.body()
    key = {"Idempotency-Key": "k-2"}
    assert_problem(
        client.post("/v1/analyses", json=body | {"options": {}}, headers=key), 422, "columns-mismatch"
    )
    first = client.post("/v1/analyses", json=body, headers=key).json["id"]
    with service.parts.catalog.writing() as db:
        db.execute("UPDATE idempotency_keys SET created = created - 86401")
    assert client.post("/v1/analyses", json=body, headers=key).json["id"] != first


@pytest.mark.parametrize("key", ["", "x" * 10_000, "caf\xe9", "a b", "a\tb"])
def test_an_odd_idempotency_key_is_refused(service: ServiceHere, client: FlaskClient, key: str) -> None:
    answer = client.post("/v1/analyses", json=service.body(), headers={"Idempotency-Key": key})
    assert_problem(answer, 400, "malformed-request")


def test_the_key_of_a_deleted_analysis_does_not_bring_it_back(
    service: ServiceHere, client: FlaskClient
) -> None:
    body, key = service.body(), {"Idempotency-Key": "k-3"}
    location = client.post("/v1/analyses", json=body, headers=key).headers["Location"]
    client.delete(location)
    assert_problem(client.post("/v1/analyses", json=body, headers=key), 409, "conflict")


def test_a_one_shot_request_is_idempotent_too(service: ServiceHere, client: FlaskClient) -> None:
    key = {"Idempotency-Key": "k-4"}
    first = client.post("/v1/analyses", data=one_shot(), headers=key)
    assert client.post("/v1/analyses", data=one_shot(), headers=key).json["id"] == first.json["id"]
    assert service.left_over()["incoming"] == 0


def test_a_crash_between_catalog_and_queue_is_healed(
    service: ServiceHere, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, key = service.body(), {"Idempotency-Key": "k-5"}

    def killed(*_: str) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(service.parts.queue, "enqueue", killed)
        with pytest.raises(SystemExit):
            client.post("/v1/analyses", json=body, headers=key)
    assert service.parts.queue.depth() == 0
    [(waiting, _)] = service.parts.catalog.not_enqueued()
    assert client.get(f"/v1/analyses/{waiting}").json["status"] == "queued"
    assert client.post("/v1/analyses", json=body, headers=key).json["id"] == waiting
    assert service.parts.queue.depth() == 1
    with monkeypatch.context() as patch:
        patch.setattr(service.parts.queue, "enqueue", killed)
        with pytest.raises(SystemExit):
            client.post("/v1/analyses", json=body)
    assert enqueue_waiting(service.parts) == 1
    assert service.parts.queue.depth() == 2


def test_jobs_that_a_restored_queue_does_not_know_are_put_into_it_again(service: ServiceHere) -> None:
    queue = service.settings.data_dir / "queue.db"
    kept, removed = service.submit(), service.submit()
    with sqlite3.connect(queue) as db:  # what an older copy would not have
        db.execute("DELETE FROM workflow_status WHERE workflow_uuid = ?", (removed,))
    db.close()
    service.finish(kept)
    assert service.parts.queue.state(removed) is None
    assert enqueue_waiting(service.parts) == 1
    states = service.parts.queue.states([kept, removed])
    assert (states[kept].status, states[removed].status) == ("done", "queued")
    assert enqueue_waiting(service.parts) == 0


def test_a_queue_that_is_down_takes_no_analysis(
    service: ServiceHere, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, key = service.body(), {"Idempotency-Key": "k-6"}
    queue_file = service.settings.data_dir / "queue.db"
    queue_file.rename(queue_file.with_suffix(".away"))
    answer = client.post("/v1/analyses", json=body, headers=key)
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    ready = client.get("/readyz")
    assert_problem(ready, 503, "unavailable")
    assert [place["field"] for place in ready.json["errors"]] == ["queue"]
    queue_file.with_suffix(".away").rename(queue_file)

    def down(*_: str) -> None:
        raise QueueUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(service.parts.queue, "enqueue", down)
        assert_problem(client.post("/v1/analyses", json=body, headers=key), 503, "unavailable")
    sizes = service.parts.catalog.sizes()
    assert (sizes["analyses"], sizes["idempotency_keys"]) == (0, 0)
    assert client.get("/readyz").status_code == 200
    assert client.post("/v1/analyses", json=body, headers=key).status_code == 202


def test_a_full_queue_answers_429(service: ServiceHere, client: FlaskClient, tmp_path: Any) -> None:
    small = ServiceHere(tmp_path / "small", NIF_QUEUE_DEPTH="1")
    small.submit()
    answer = small.client.post("/v1/analyses", json=small.body())
    assert_problem(answer, 429, "rate-limited")
    assert int(answer.headers["Retry-After"]) >= 1
    small.close()


def test_cancelling_is_final(service: ServiceHere, client: FlaskClient) -> None:
    path = f"/v1/analyses/{service.submit()}"
    for _ in range(2):
        answer = client.post(f"{path}/cancellation")
        assert (answer.status_code, answer.json["status"]) == (202, "cancelled")
    done = service.done()
    assert_problem(client.post(f"/v1/analyses/{done}/cancellation"), 409, "conflict")
    assert client.get(f"/v1/analyses/{done}/network").status_code == 200


def test_a_deleted_analysis_leaves_nothing(service: ServiceHere, client: FlaskClient) -> None:
    done, waiting = service.done(), service.submit()
    for analysis_id in (done, waiting):
        path = f"/v1/analyses/{analysis_id}"
        assert client.delete(path).status_code == 204
        for read in ("", "/edges", "/report"):
            assert_problem(client.get(path + read, headers={"Accept": "*/*"}), 404, "not-found")
        assert_problem(client.delete(path), 404, "not-found")
        assert_problem(client.post(f"{path}/cancellation"), 404, "not-found")
    assert service.parts.store.ids() == []
    assert service.parts.queue.state(done) is None
    assert finish_deletions(service.parts, older_than=0) == 1
    assert service.parts.queue.state(waiting) is None
    assert service.left_over()["deletions"] == 0


def test_a_network_written_after_the_deletion_is_swept(service: ServiceHere, client: FlaskClient) -> None:
    other = service.done()
    for clean in (lambda: sweep(service.parts), lambda: client.delete(f"/v1/analyses/{other}")):
        analysis_id = service.submit()
        client.delete(f"/v1/analyses/{analysis_id}")
        service.parts.store.write(analysis_id, random_network(1))
        with service.parts.catalog.writing() as db:
            db.execute("UPDATE deletions SET created_at = '2020-01-01T00:00:00.000Z'")
        clean()
        assert analysis_id not in service.parts.store.ids()


def test_the_list_is_filtered_and_paged(service: ServiceHere, client: FlaskClient) -> None:
    made = [service.submit() for _ in range(5)]
    client.post(f"/v1/analyses/{made[1]}/cancellation")
    listed = client.get("/v1/analyses").json["items"]
    assert [row["id"] for row in listed] == made[::-1]
    cancelled = client.get("/v1/analyses?status=cancelled").json["items"]
    assert [row["id"] for row in cancelled] == [made[1]]
    model = listed[0]["model_id"]
    assert len(client.get(f"/v1/analyses?model_id={model}").json["items"]) == 5
    assert client.get(f"/v1/analyses?model_id={'0' * 64}").json == {"items": [], "next": None}
    seen, cursor = [], None
    while True:
        page = client.get("/v1/analyses?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_a_status_is_looked_for_among_thousands_of_jobs_without_reading_them(
    service: ServiceHere, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = service.body()
    with service.parts.catalog.writing() as db:
        ids = body["model_id"], body["dataset_id"]
        many = [
            insert_analysis(db, str(uuid.uuid4()), "local", *ids, TableFormat(), Options(), None).id
            for _ in range(1200)
        ]
    for analysis_id in many[0], many[1], many[700]:
        service.parts.queue.enqueue(analysis_id)
        service.parts.queue.cancel(analysis_id)
    read: list[int] = []
    record = service.parts.catalog.analyses_of
    monkeypatch.setattr(
        service.parts.catalog, "analyses_of", lambda ids: (read.append(len(ids)), record(ids))[1]
    )
    first = client.get("/v1/analyses?status=cancelled&limit=2").json
    second = client.get(f"/v1/analyses?status=cancelled&limit=2&cursor={first['next']}").json
    assert [[row["id"] for row in page["items"]] for page in (first, second)] == [
        [many[700], many[1]],
        [many[0]],
    ]
    assert (second["next"], read) == (None, [3, 1])
    assert client.get("/v1/analyses?status=done").json == {"items": [], "next": None}
    assert len(client.get("/v1/analyses?status=queued&limit=1000").json["items"]) == 1000


def test_a_failed_job_tells_its_problem(service: ServiceHere, client: FlaskClient) -> None:
    analysis_id = service.submit()
    problem = {"slug": "not-finite", "title": "t", "detail": "row 3", "errors": [{"detail": "x", "row": 3}]}
    service.parts.queue.publish(analysis_id, problem=problem)
    service.finish(analysis_id, "ERROR")
    found = client.get(f"/v1/analyses/{analysis_id}").json
    assert found["status"] == "failed"
    assert found["problem"]["type"] == "/problems/not-finite"
    assert found["problem"]["errors"] == [{"detail": "x", "row": 3}]


def test_an_id_has_one_form(service: ServiceHere, client: FlaskClient) -> None:
    analysis_id = service.submit()
    forms = [
        analysis_id.upper(), f"{{{analysis_id}}}", f"urn:uuid:{analysis_id}", analysis_id.replace("-", ""),
        f"{analysis_id}%0A", f"{analysis_id}.", f"%2e%2e%2f{analysis_id}", "x" * 10_000, f"{analysis_id}%00",
        str(uuid.uuid4()),
    ]  # fmt: skip
    for form in forms:
        assert_problem(client.get(f"/v1/analyses/{form}"), 404, "not-found")
    assert client.get(f"/v1/analyses/{analysis_id}").status_code == 200


def test_deleting_a_dataset_never_leaves_a_job_without_its_file(service: ServiceHere) -> None:
    body = service.body()

    def delete() -> int:
        return service.app.test_client().delete(f"/v1/datasets/{body['dataset_id']}").status_code

    def submit() -> int:
        return service.app.test_client().post("/v1/analyses", json=body).status_code

    for _ in range(15):
        service.dataset()
        with ThreadPoolExecutor(2) as pool:
            submitted, deleted = pool.submit(submit), pool.submit(delete)
            assert (submitted.result(), deleted.result()) in {(202, 409), (404, 204), (422, 204)}
        there = service.parts.blobs.exists(body["dataset_id"])
        assert there == (deleted.result() == 409)
        for row in service.client.get("/v1/analyses").json["items"]:
            assert service.client.delete(f"/v1/analyses/{row['id']}").status_code == 204
