"""What holds for every kind of study over HTTP; a kind's test class says where it is and what it takes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from service.analyses import finish_deletions
from service.audit_log import AuditLog
from service.keys import create_key
from service.submissions import enqueue_waiting
from tests.api.service_here import ServiceHere, assert_problem
from tests.networks import random_network


class StudyContract:
    """kind: as the store has it."""

    kind: str

    def path(self, analysis: str) -> str:
        """Where studies of an analysis are asked for and listed."""
        raise NotImplementedError

    def body(self, analysis: str) -> dict[str, Any]:
        """A good request."""
        raise NotImplementedError

    @property
    def document(self) -> dict[str, Any]:
        return {"kind": self.kind, "said": ["one"], "value": 0.1 + 0.2}

    def ask(self, service: ServiceHere, analysis: str, **headers: str) -> Any:
        return service.client.post(self.path(analysis), json=self.body(analysis), headers=headers)

    def test_it_waits_in_the_queue_and_is_told_when_done(
        self, service: ServiceHere, client: FlaskClient
    ) -> None:
        analysis = service.done()
        answer = self.ask(service, analysis)
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"{self.path(analysis)}/{answer.json['id']}"
        assert int(answer.headers["Retry-After"]) >= 1
        assert (answer.json["status"], answer.json["kind"]) == ("queued", self.kind)
        assert service.parts.queue.depth() == 1
        location = answer.headers["Location"]
        assert client.get(location).json == answer.json
        service.studied(answer.json["id"], self.document)
        found = client.get(location).json
        assert found["status"] == "done"
        assert found["document"] == self.document

    def test_it_is_listed_without_its_document(self, service: ServiceHere, client: FlaskClient) -> None:
        analysis, other = service.done(), service.done()
        made = [self.ask(service, analysis).json["id"] for _ in range(3)]
        self.ask(service, other)
        service.studied(made[1], self.document)
        listing = self.path(analysis) + (f"?analysis={analysis}" if "analyses" not in self.path("x") else "?")
        items = client.get(listing).json["items"]
        assert [row["id"] for row in items] == made[::-1]
        assert all("document" not in row for row in items)
        done = client.get(f"{listing}&status=done".replace("?&", "?")).json["items"]
        assert [row["id"] for row in done] == [made[1]]
        seen, cursor = [], ""
        while True:
            page = client.get(f"{listing}&limit=2{cursor}".replace("?&", "?")).json
            seen += [row["id"] for row in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == made[::-1]

    @pytest.mark.parametrize("status", ["queued", "PENDING", "ERROR", "CANCELLED"])
    def test_an_analysis_that_is_not_done_is_a_conflict_with_its_state(
        self, service: ServiceHere, status: str
    ) -> None:
        analysis = service.submit()
        if status != "queued":
            service.finish(analysis, status)
        told = {"PENDING": "running", "ERROR": "failed", "CANCELLED": "cancelled"}.get(status, status)
        before = service.left_over()
        problem = assert_problem(self.ask(service, analysis), 409, "conflict")
        assert f"is {told}" in problem["detail"] and "again" in problem["detail"]
        assert service.left_over() == before

    def test_an_analysis_that_is_not_there_or_another_tenants_is_404(
        self, service: ServiceHere, client: FlaskClient
    ) -> None:
        analysis = service.done()
        assert_problem(self.ask(service, str(uuid4())), 404, "not-found")
        study = self.ask(service, analysis).json["id"]
        _, key = create_key(service.parts.catalog, "another", "write", "x")
        other = {"Authorization": f"Bearer {key}"}
        assert_problem(self.ask(service, analysis, **other), 404, "not-found")
        path = f"{self.path(analysis)}/{study}"
        for answer in (
            client.get(path, headers=other),
            client.delete(path, headers=other),
            client.post(f"{path}/cancellation", headers=other),
        ):
            assert_problem(answer, 404, "not-found")

    def test_a_read_key_may_look_and_not_ask(self, service: ServiceHere, client: FlaskClient) -> None:
        analysis = service.done()
        study = self.ask(service, analysis).json["id"]
        _, key = create_key(service.parts.catalog, "local", "read", "x")
        headers = {"Authorization": f"Bearer {key}"}
        assert_problem(self.ask(service, analysis, **headers), 403, "forbidden")
        path = f"{self.path(analysis)}/{study}"
        assert client.get(path, headers=headers).status_code == 200
        assert_problem(client.delete(path, headers=headers), 403, "forbidden")

    def test_one_idempotency_key_makes_one_study(self, service: ServiceHere) -> None:
        analysis, other = service.done(), service.done()

        def post(_: int) -> tuple[int, str]:
            client = service.app.test_client()
            answer = client.post(
                self.path(analysis), json=self.body(analysis), headers={"Idempotency-Key": "k"}
            )
            return answer.status_code, answer.headers["Location"]

        with ThreadPoolExecutor(10) as pool:
            [(status, location)] = set(pool.map(post, range(10)))
        assert status == 202
        assert service.parts.catalog.sizes()["studies"] == 1
        assert_problem(self.ask(service, other, **{"Idempotency-Key": "k"}), 422, "idempotency-mismatch")
        service.client.delete(location)
        assert_problem(self.ask(service, analysis, **{"Idempotency-Key": "k"}), 409, "conflict")

    def test_what_is_not_known_is_refused(self, service: ServiceHere, client: FlaskClient) -> None:
        analysis = service.done()
        body = self.body(analysis)
        problem = assert_problem(
            client.post(self.path(analysis), json=body | {"optoins": {}}), 422, "unknown-field"
        )
        assert problem["errors"][0]["field"] == "optoins"
        assert_problem(
            client.post(self.path(analysis), data=b"{", content_type="application/json"), 400, "invalid-json"
        )
        assert service.parts.catalog.sizes()["studies"] == 0

    def test_cancelling_is_final(self, service: ServiceHere, client: FlaskClient) -> None:
        analysis = service.done()
        path = self.ask(service, analysis).headers["Location"]
        for _ in range(2):
            answer = client.post(f"{path}/cancellation")
            assert (answer.status_code, answer.json["status"]) == (202, "cancelled")
        done = self.ask(service, analysis)
        service.studied(done.json["id"], self.document)
        problem = assert_problem(client.post(f"{done.headers['Location']}/cancellation"), 409, "conflict")
        assert f"The {self.kind} is done" in problem["detail"]

    def test_a_deleted_study_leaves_nothing_and_its_analysis_stays(
        self, service: ServiceHere, client: FlaskClient
    ) -> None:
        analysis = service.done()
        before = service.left_over()
        done, waiting = self.ask(service, analysis), self.ask(service, analysis)
        service.studied(done.json["id"], self.document)
        for answer in (done, waiting):
            location = answer.headers["Location"]
            assert client.delete(location).status_code == 204
            assert_problem(client.get(location), 404, "not-found")
            assert_problem(client.delete(location), 404, "not-found")
        finish_deletions(service.parts, older_than=0)
        assert service.left_over() == before
        assert service.parts.store.study_ids() == []
        assert service.parts.store.ids() == [analysis]

    def test_deleting_the_analysis_deletes_its_studies_everywhere(
        self, service: ServiceHere, client: FlaskClient
    ) -> None:
        analysis, other = service.done(), service.done()
        done, waiting = self.ask(service, analysis), self.ask(service, analysis)
        kept = self.ask(service, other).json["id"]
        service.studied(done.json["id"], self.document)
        service.studied(kept, self.document)
        assert client.delete(f"/v1/analyses/{analysis}").status_code == 204
        for answer in (done, waiting):
            assert_problem(client.get(answer.headers["Location"]), 404, "not-found")
        assert service.parts.store.study_ids() == [kept]
        assert service.parts.queue.state(done.json["id"]) is None
        state = service.parts.queue.state(waiting.json["id"])
        assert state is not None and state.status == "cancelled"
        finish_deletions(service.parts, older_than=0)
        assert service.parts.queue.state(waiting.json["id"]) is None
        assert service.parts.catalog.sizes()["studies"] == 1
        assert service.left_over()["deletions"] == 0

    def test_a_document_written_after_the_deletion_is_swept(
        self, service: ServiceHere, client: FlaskClient
    ) -> None:
        analysis = service.done()
        answer = self.ask(service, analysis)
        client.delete(answer.headers["Location"])
        service.parts.store.write_study(answer.json["id"], self.kind, [analysis], self.document)
        finish_deletions(service.parts, older_than=0)
        assert service.parts.store.study_ids() == []

    def test_a_crash_between_catalog_and_queue_is_healed(
        self, service: ServiceHere, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        analysis = service.done()

        def killed(*_: str) -> None:
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(service.parts.queue, "enqueue", killed)
            with pytest.raises(SystemExit):
                self.ask(service, analysis)
        assert service.parts.queue.depth() == 0
        assert enqueue_waiting(service.parts) == 1
        assert service.parts.queue.depth() == 1

    def test_a_failed_one_tells_its_problem(self, service: ServiceHere, client: FlaskClient) -> None:
        answer = self.ask(service, service.done())
        problem = {"slug": "invalid-parameter", "title": "t", "detail": "no labels", "errors": []}
        service.parts.queue.publish(answer.json["id"], problem=problem)
        service.finish(answer.json["id"], "ERROR")
        found = client.get(answer.headers["Location"]).json
        assert (found["status"], found["problem"]["type"]) == ("failed", "/problems/invalid-parameter")
        assert "document" not in found

    def test_a_document_that_the_store_lost_is_503_and_not_an_empty_answer(
        self, service: ServiceHere, client: FlaskClient
    ) -> None:
        answer = self.ask(service, service.done())
        service.finish(answer.json["id"])
        assert_problem(client.get(answer.headers["Location"]), 503, "unavailable")

    def test_the_audit_log_tells_of_it(self, service: ServiceHere) -> None:
        answer = self.ask(service, service.done())
        *_, line = AuditLog(service.settings.data_dir / "audit.jsonl").entries()
        assert (line["method"], line["status"]) == ("POST", 202)
        assert line["object"] == answer.headers["Location"]

    def test_the_network_of_another_kind_is_not_found_here(
        self, service: ServiceHere, client: FlaskClient
    ) -> None:
        analysis = service.done(random_network(3))
        assert_problem(client.get(f"{self.path(analysis)}/{analysis}"), 404, "not-found")
