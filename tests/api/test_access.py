import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.api.context import LOCAL_TENANT
from service.audit_log import AuditLog
from service.keys import create_key
from tests.api.service_here import IRIS_DATA, OPTIONS, ServiceHere, assert_problem
from tests.networks import random_network

CANARY = b"4.2424242"


class Client:
    """A client with a key."""

    def __init__(self, service: ServiceHere, tenant: str, role: str = "write") -> None:
        self.record, self.key = create_key(service.parts.catalog, tenant, role, f"{tenant}'s")  # type: ignore[arg-type]
        self.headers = {"Authorization": f"Bearer {self.key}"}
        self.client: FlaskClient = service.client

    def __getattr__(self, method: str):  # type: ignore[no-untyped-def]
        return lambda path, **more: getattr(self.client, method)(
            path, headers=self.headers | more.pop("headers", {}), **more
        )


@pytest.fixture
def a(service: ServiceHere) -> Client:
    return Client(service, "a")


@pytest.fixture
def b(service: ServiceHere) -> Client:
    return Client(service, "b")


@pytest.fixture
def analysis(service: ServiceHere, a: Client) -> Iterator[str]:
    """An analysis of tenant a, done."""
    service.model(**a.headers)
    dataset, model = service.dataset(**a.headers), service.model(**a.headers)
    body = {"model_id": model, "dataset_id": dataset, "options": OPTIONS}
    made = a.post("/v1/analyses", json=body).json["id"]
    service.parts.store.write(made, random_network(1))
    service.finish(made)
    yield made


def test_without_keys_everybody_here_is_one_tenant(service: ServiceHere, client: FlaskClient) -> None:
    service.dataset()
    [row] = service.parts.catalog.uploads("datasets", LOCAL_TENANT, None, 10)[0]
    assert row.tenant == LOCAL_TENANT


@pytest.mark.parametrize(
    "value",
    [
        None, "", "Bearer", "Bearer ", "Bearer x", "Basic bmlmOng=", "Bearer caf\xe9" + "x" * 30,
        "Bearer “key”" * 3, "Bearer " + "x" * 1_000_000, "nif_" + "x" * 43,
    ],
)  # fmt: skip
def test_a_wrong_key_is_401(service: ServiceHere, a: Client, value: str | None) -> None:
    headers = {} if value is None else {"Authorization": value.encode("utf-8").decode("latin-1")}
    for path in ("/v1/models", "/v1/limits", "/v1/metrics", "/v1/analyses/x", "/nowhere"):
        answer = service.client.get(path, headers=headers)
        assert_problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_is_taken_in_the_header_only(service: ServiceHere, a: Client) -> None:
    assert a.get("/v1/models").status_code == 200
    assert service.client.get("/v1/models", headers={"Authorization": f"bearer {a.key}"}).status_code == 200
    twice = f"Bearer {a.key}, Bearer {a.key}"
    for header in (twice, f"Bearer {a.key}\t", f"Bearer  {a.key}", f"Bearer {a.key}x"):
        assert service.client.get("/v1/models", headers={"Authorization": header}).status_code == 401
    assert_problem(service.client.get(f"/v1/models?key={a.key}"), 401, "unauthenticated")


def test_health_and_docs_need_no_key(service: ServiceHere, a: Client) -> None:
    for path in ("/healthz", "/readyz", "/v1/healthz", "/v1/readyz", "/v1/openapi.json"):
        assert service.client.get(path).status_code == 200
    assert service.client.get("/v1/docs", headers={"Accept": "text/html"}).status_code == 200


def test_a_read_key_changes_nothing(service: ServiceHere, a: Client, analysis: str) -> None:
    reader = Client(service, "a", "read")
    before = service.left_over()
    assert reader.get(f"/v1/analyses/{analysis}").status_code == 200
    for method, path in [
        ("post", "/v1/models"), ("post", "/v1/datasets"), ("post", "/v1/analyses"), ("post", "/v1/estimates"),
        ("delete", f"/v1/analyses/{analysis}"), ("post", f"/v1/analyses/{analysis}/cancellation"),
    ]:  # fmt: skip
        assert_problem(getattr(reader, method)(path), 403, "forbidden")
    assert service.left_over() == before


def test_another_tenants_objects_look_absent(
    service: ServiceHere, a: Client, b: Client, analysis: str
) -> None:
    found = a.get(f"/v1/analyses/{analysis}").json
    absent = "00000000-0000-4000-8000-000000000000"
    rules = [
        ("get", ""), ("delete", ""), ("post", "/cancellation"), ("get", "/neurons"), ("get", "/edges"),
        ("get", "/communities"), ("get", "/probes"), ("get", "/attributions"), ("get", "/network"),
        ("get", "/report"), ("get", "/paths?source=0:0&target=1:0"),
    ]  # fmt: skip
    for method, rest in rules:
        wild = {"Accept": "*/*"}
        answer = getattr(b, method)(f"/v1/analyses/{analysis}{rest}", headers=wild)
        assert_problem(answer, 404, "not-found")
        assert answer.data == getattr(b, method)(f"/v1/analyses/{absent}{rest}", headers=wild).data
    for kind in ("model", "dataset"):
        path = f"/v1/{kind}s/{found[f'{kind}_id']}"
        assert a.get(path).status_code == 200
        for method in ("get", "delete"):
            assert_problem(getattr(b, method)(path), 404, "not-found")
        assert b.get(f"/v1/{kind}s").json == {"items": [], "next": None, "total": 0}
    assert b.get("/v1/analyses").json["items"] == []
    body = {"model_id": found["model_id"], "dataset_id": found["dataset_id"], "options": OPTIONS}
    problem = assert_problem(b.post("/v1/analyses", json=body), 422, "invalid-parameter")
    assert problem["errors"][0]["field"] == "model_id"
    assert a.get(f"/v1/analyses/{analysis}/edges").status_code == 200


def test_a_cursor_of_another_tenant_is_refused(service: ServiceHere, a: Client, b: Client) -> None:
    for tenant in (a, b):
        for n in range(3):
            service.dataset(IRIS_DATA + b"1,1,1,1,%d\n" % n, **tenant.headers)
    cursor = a.get("/v1/datasets?limit=1").json["next"]
    assert_problem(b.get(f"/v1/datasets?limit=1&cursor={cursor}"), 400, "invalid-cursor")
    assert a.get(f"/v1/datasets?limit=1&cursor={cursor}").status_code == 200


def test_the_same_file_of_two_tenants_is_kept_until_the_last_deletes_it(
    service: ServiceHere, a: Client, b: Client
) -> None:
    dataset = service.dataset(**a.headers)
    assert service.dataset(**b.headers) == dataset
    assert a.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert b.get(f"/v1/datasets/{dataset}").status_code == 200
    assert service.parts.blobs.verified_bytes(dataset) == IRIS_DATA
    assert b.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert not service.parts.blobs.exists(dataset)


def test_idempotency_keys_are_a_tenants_own(service: ServiceHere, a: Client, b: Client) -> None:
    made = []
    for tenant in (a, b):
        body = {
            "model_id": service.model(**tenant.headers),
            "dataset_id": service.dataset(**tenant.headers),
            "options": OPTIONS,
        }
        made.append(tenant.post("/v1/analyses", json=body, headers={"Idempotency-Key": "same"}).json["id"])
    assert made[0] != made[1]


def test_a_revoked_key_is_refused_at_once(service: ServiceHere, a: Client) -> None:
    service.parts.catalog.revoke_key(a.record.id)
    assert_problem(a.get("/v1/models"), 401, "unauthenticated")
    # A service that has had keys does not open when the last one is revoked.
    assert_problem(service.client.get("/v1/models"), 401, "unauthenticated")


def test_wrong_keys_are_slowed_down_and_right_ones_served(service: ServiceHere, a: Client) -> None:
    most = service.parts.limits.failed_keys_a_minute
    statuses = []
    for n in range(most + 20):
        forwarded = {"Authorization": f"Bearer nif_{n:043d}", "X-Forwarded-For": f"10.0.0.{n}"}
        answer = service.client.get("/v1/models", headers=forwarded)
        statuses.append(answer.status_code)
    assert statuses == [401] * most + [429] * 20
    assert int(answer.headers["Retry-After"]) >= 1
    assert a.get("/v1/models").status_code == 200


def test_keys_and_cells_are_found_only_where_they_belong(service: ServiceHere, a: Client) -> None:
    data = IRIS_DATA + CANARY + b",1,1,1,0\n"
    dataset = service.dataset(data, **a.headers)
    service.client.get(f"/v1/models?key={a.key}", headers=a.headers)
    with sqlite3.connect(service.settings.catalog_path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in Path(service.settings.data_dir).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert a.key.encode() not in content, path
            assert (CANARY in content) == (path.name == dataset), path


def test_the_audit_log_tells_who_did_what(service: ServiceHere, a: Client, b: Client, analysis: str) -> None:
    b.delete(f"/v1/analyses/{analysis}")
    a.delete(f"/v1/analyses/{analysis}")
    audit_log = AuditLog(service.settings.data_dir / "audit.jsonl")
    entries = list(audit_log.entries())
    path = f"/v1/analyses/{analysis}"
    said = [(e["event"], e["tenant"], e["key"], e["method"], e["object"]) for e in entries[-4:]]
    assert said == [
        (event, caller, client.record.id, "DELETE", path)
        for caller, client in (("b", b), ("a", a))
        for event in ("asked", "answered")
    ]
    assert [(e["asked"], e["status"]) for e in entries[-3::2]] == [
        (entries[-4]["sequence"], 404), (entries[-2]["sequence"], 204),
    ]  # fmt: skip
    [made] = [e for e in entries if e["event"] == "answered" and e["object"] == path and e["status"] == 202]
    assert len(made["model"]) == len(made["dataset"]) == 64
    assert [e["sequence"] for e in entries] == list(range(1, len(entries) + 1))
    assert audit_log.verify() is None


def test_a_changed_line_of_the_audit_log_is_found(tmp_path: Path) -> None:
    audit_log = AuditLog(tmp_path / "audit.jsonl")
    for n in range(5):
        audit_log.append(status=n)
    lines = audit_log.path.read_text().splitlines(keepends=True)
    for changed, broken in [
        ("".join(lines).replace('"status": 2', '"status": 9'), 3),
        ("".join(lines[:1] + lines[2:]), 2),
        ("".join([lines[1], lines[0], *lines[2:]]), 1),
    ]:
        audit_log.path.write_text(changed)
        assert audit_log.verify() == broken
    audit_log.path.write_text("".join(lines) + '{"half')
    audit_log.append(status=5)
    assert audit_log.verify() is None


def test_what_cannot_be_logged_is_not_done(
    service: ServiceHere, a: Client, analysis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, log = service.left_over(), (service.settings.data_dir / "audit.jsonl").read_bytes()

    def full(descriptor: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("service.audit_log._write_whole", full)
        answers = [
            a.delete(f"/v1/analyses/{analysis}"),
            a.post(f"/v1/analyses/{analysis}/cancellation"),
            a.post("/v1/datasets", data=b"x,y\n" + b"1,2\n" * 60, content_type="text/csv"),
        ]
        assert a.get(f"/v1/analyses/{analysis}").status_code == 200
    for answer in answers:
        assert "audit log" in assert_problem(answer, 507, "insufficient-storage")["detail"]
    assert service.left_over() == before
    assert (service.settings.data_dir / "audit.jsonl").read_bytes() == log
    assert a.delete(f"/v1/analyses/{analysis}").status_code == 204
