from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.analyses import finish_deletions
from service.evidence.refusal import NotVerified
from service.evidence.signing import new_key, write_key
from service.evidence.verification import verify_bundle
from service.policies import judge, read_policy
from tests.api.service_here import ServiceHere, assert_problem
from tests.api.study_contract import StudyContract

POLICY = {"version": 1, "name": "rows", "rules": [{"rule": "minimum-rows", "min": 100}]}
YAML = "version: 1\nname: rows\nrules:\n  - rule: minimum-rows\n    min: 100\n"


class TestAudits(StudyContract):
    kind = "audit"

    def path(self, analysis: str) -> str:
        return "/v1/audits"

    def body(self, analysis: str) -> dict[str, Any]:
        return {"analysis": analysis, "policy": POLICY}


def judged(service: ServiceHere, client: FlaskClient, text: str = YAML) -> str:
    """A finished audit as the worker makes it; its path."""
    analysis = service.done()
    answer = client.post("/v1/audits", json={"analysis": analysis, "policy": text})
    assert answer.status_code == 202, answer.text
    audit = judge(read_policy(text.encode()), service.parts.store.network(analysis))
    service.studied(answer.json["id"], audit.document())
    return str(answer.headers["Location"])


def test_a_policy_is_an_object_or_a_files_text(service: ServiceHere, client: FlaskClient) -> None:
    analysis = service.done()
    as_object = client.post("/v1/audits", json={"analysis": analysis, "policy": POLICY}).json
    as_text = client.post("/v1/audits", json={"analysis": analysis, "policy": YAML, "baseline": None}).json
    assert as_object["policy"] == as_text["policy"]
    assert as_object["policy"]["rules"][0]["min"] == 100
    assert (as_object["baseline"], as_object["verdict"]) == (None, None)


def test_a_baseline_is_kept_and_found(service: ServiceHere, client: FlaskClient) -> None:
    head, base = service.done(), service.done()
    body = {"analysis": head, "baseline": base, "policy": POLICY}
    made = client.post("/v1/audits", json=body).json
    assert (made["analysis"], made["baseline"]) == (head, base)
    model = client.get(f"/v1/analyses/{head}").json["model_id"]
    for query, found in ((f"analysis={base}", 1), (f"model={model}", 1), (f"model={'0' * 64}", 0)):
        assert len(client.get(f"/v1/audits?{query}").json["items"]) == found
    waiting = service.submit()
    problem = assert_problem(client.post("/v1/audits", json=body | {"baseline": waiting}), 409, "conflict")
    assert problem["errors"][0]["field"] == "baseline"
    client.delete(f"/v1/analyses/{base}")
    assert_problem(client.get(f"/v1/audits/{made['id']}"), 404, "not-found")


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("", "empty"),
        ({}, "empty"),
        ({"version": 1, "rules": []}, "without rules"),
        ({"version": 1, "rules": [{"rule": "minimum-rowz", "min": 1}]}, "minimum-rows"),
        ("version: 1\nrules:\n  - rule: minimum-rows\n    min: no\n", "line 4"),
        ("version: 1\nversion: 2\nrules: []\n", "twice"),
        ("&a [*a]", "policy"),
        (7, "policy"),
        (None, "policy"),
        ([], "policy"),
    ],
)
def test_a_policy_with_a_fault_is_refused_where_it_is(
    service: ServiceHere, client: FlaskClient, policy: Any, says: str
) -> None:
    body = {"analysis": service.done(), "policy": policy}
    problem = assert_problem(client.post("/v1/audits", json=body), 422, "invalid-parameter")
    assert says in problem["detail"]
    assert problem["errors"][0]["field"].startswith("policy")
    assert service.parts.catalog.sizes()["studies"] == 0


def test_the_list_tells_the_verdicts(service: ServiceHere, client: FlaskClient) -> None:
    judged(service, client)
    judged(service, client, YAML.replace("100", "151"))
    client.post("/v1/audits", json={"analysis": service.done(), "policy": POLICY})
    items = client.get("/v1/audits").json["items"]
    assert [item["verdict"] for item in items] == [None, "fail", "pass"]


def test_a_finished_audit_is_had_in_every_format(service: ServiceHere, client: FlaskClient) -> None:
    path = judged(service, client)
    assert client.get(path).json["document"]["verdict"] == "pass"
    for name, media_type, begins in (
        ("junit", "application/xml", "<"), ("sarif", "application/sarif+json", "{"),
        ("markdown", "text/markdown", ""), ("html", "text/html", "<!doctype html>"),
    ):  # fmt: skip
        by_name = client.get(f"{path}?format={name}")
        assert by_name.status_code == 200, by_name.text
        assert by_name.mimetype == media_type
        assert by_name.text.lower().startswith(begins)
        by_accept = client.get(path, headers={"Accept": media_type})
        assert by_accept.data == by_name.data
        assert by_accept.headers["Vary"] == "Accept"
    assert "script-src 'self'" in client.get(f"{path}?format=html").headers["Content-Security-Policy"]
    assert_problem(client.get(path, headers={"Accept": "image/png"}), 406, "not-acceptable")
    assert_problem(client.get(f"{path}?format=pdf"), 422, "invalid-parameter")


def test_a_format_of_an_audit_that_is_not_done_is_a_conflict(
    service: ServiceHere, client: FlaskClient
) -> None:
    path = client.post("/v1/audits", json={"analysis": service.done(), "policy": POLICY}).headers["Location"]
    problem = assert_problem(client.get(f"{path}?format=junit"), 409, "conflict")
    assert "The audit is queued" in problem["detail"]
    assert client.get(path).status_code == 200


def test_the_report_of_an_analysis_shows_its_finished_studies(
    service: ServiceHere, client: FlaskClient
) -> None:
    path = judged(service, client)
    audit = client.get(path).json
    waiting = client.post("/v1/audits", json={"analysis": audit["analysis"], "policy": POLICY}).json["id"]
    page = client.get(f"/v1/analyses/{audit['analysis']}/report", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert f"This is audit {audit['id']} of analysis {audit['analysis']}" in page.text
    assert waiting not in page.text
    client.delete(path)
    page = client.get(f"/v1/analyses/{audit['analysis']}/report", headers={"Accept": "text/html"})
    assert 'id="study-1"' not in page.text


def test_a_bundle_is_signed_by_the_services_key_and_verified(tmp_path: Path) -> None:
    key = new_key()
    write_key(key, tmp_path / "service.key", tmp_path / "service.pub")
    service = ServiceHere(tmp_path / "data", NIF_SIGNING_KEY=str(tmp_path / "service.key"))
    try:
        path = judged(service, service.client)
        answer = service.client.get(f"{path}?format=bundle")
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "application/zip"
        assert verify_bundle(answer.data, key.public).predicate["verdict"] == "pass"
        assert service.client.get(path, headers={"Accept": "application/zip"}).data == answer.data
        with pytest.raises(NotVerified):
            verify_bundle(answer.data[:-40] + b"x" + answer.data[-39:], key.public)
        waiting = service.client.post("/v1/audits", json={"analysis": service.done(), "policy": POLICY})
        later = service.client.get(f"{waiting.headers['Location']}?format=bundle")
        assert_problem(later, 409, "conflict")
    finally:
        service.close()


def test_a_service_without_a_signing_key_gives_no_bundles(service: ServiceHere, client: FlaskClient) -> None:
    problem = assert_problem(client.get(f"{judged(service, client)}?format=bundle"), 406, "not-acceptable")
    assert "NIF_SIGNING_KEY" in problem["detail"]


def test_a_report_says_how_many_studies_it_leaves_out(
    service: ServiceHere, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.views.study_answers.MOST_SECTIONS", 1)
    path = judged(service, client)
    audit = client.get(path).json
    newer = client.post("/v1/audits", json={"analysis": audit["analysis"], "policy": POLICY}).json["id"]
    service.studied(newer, audit["document"])
    page = client.get(f"/v1/analyses/{audit['analysis']}/report", headers={"Accept": "text/html"}).text
    assert "1 older study of this analysis can be asked for" in page
    assert newer in page and audit["id"] not in page


def test_deleting_an_analysis_never_leaves_a_study_or_a_job_behind(service: ServiceHere) -> None:
    def ask(analysis: str) -> int:
        body = {"analysis": analysis, "policy": POLICY}
        return service.app.test_client().post("/v1/audits", json=body).status_code

    def delete(analysis: str) -> int:
        return service.app.test_client().delete(f"/v1/analyses/{analysis}").status_code

    for _ in range(15):
        analysis = service.done()
        with ThreadPoolExecutor(2) as pool:
            asked, deleted = pool.submit(ask, analysis), pool.submit(delete, analysis)
            assert (asked.result(), deleted.result()) in {(202, 204), (404, 204), (409, 204)}
        assert service.client.get("/v1/audits").json["items"] == []
        assert service.parts.queue.depth() == 0
    finish_deletions(service.parts, older_than=0)
    assert service.left_over()["deletions"] == 0


def test_a_study_deleted_before_it_was_enqueued_is_not_in_the_queue(
    service: ServiceHere, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis, enqueue = service.done(), service.parts.queue.enqueue

    def deleted_first(job_id: str, tenant: str) -> None:
        client.delete(f"/v1/analyses/{analysis}")
        enqueue(job_id, tenant)

    monkeypatch.setattr(service.parts.queue, "enqueue", deleted_first)
    answer = client.post("/v1/audits", json={"analysis": analysis, "policy": POLICY})
    assert_problem(answer, 404, "not-found")
    assert service.parts.queue.depth() == 0
