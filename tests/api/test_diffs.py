from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from estimator.diff.options import DiffOptions
from tests.api.service_here import ServiceHere, assert_problem
from tests.api.study_contract import StudyContract
from tests.networks import flow_network


class TestDiffs(StudyContract):
    kind = "diff"

    def path(self, analysis: str) -> str:
        return "/v1/diffs"

    def body(self, analysis: str) -> dict[str, Any]:
        return {"base": analysis, "head": analysis, "options": {"alpha": 0.01}}


def test_a_diff_is_found_by_either_side_and_by_model(service: ServiceHere, client: FlaskClient) -> None:
    base, head, third = (service.done() for _ in range(3))
    made = client.post("/v1/diffs", json={"base": base, "head": head}).json
    assert (made["base"], made["head"]) == (base, head)
    assert made["options"] == DiffOptions().as_dict()
    model = client.get(f"/v1/analyses/{base}").json["model_id"]
    for query, found in (
        (f"analysis={base}", 1), (f"analysis={head}", 1), (f"analysis={third}", 0), (f"model={model}", 1),
        (f"model={'0' * 64}", 0), ("", 1),
    ):  # fmt: skip
        assert len(client.get(f"/v1/diffs?{query}").json["items"]) == found, query
    assert_problem(client.get(f"/v1/diffs?analysis={uuid4()}"), 404, "not-found")


def test_it_goes_with_its_head_too(service: ServiceHere, client: FlaskClient) -> None:
    base, head = service.done(), service.done()
    made = client.post("/v1/diffs", json={"base": base, "head": head}).json["id"]
    service.studied(made, {"kind": "diff"})
    client.delete(f"/v1/analyses/{head}")
    assert_problem(client.get(f"/v1/diffs/{made}"), 404, "not-found")
    assert service.parts.store.study_ids() == []
    assert service.parts.store.ids() == [base]


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_side_that_is_not_there_or_not_done_is_named(
    service: ServiceHere, client: FlaskClient, side: str
) -> None:
    done, waiting = service.done(), service.submit()
    body = {"base": done, "head": done}
    for other, status, slug in ((str(uuid4()), 404, "not-found"), (waiting, 409, "conflict")):
        problem = assert_problem(client.post("/v1/diffs", json=body | {side: other}), status, slug)
        assert problem["errors"][0]["field"] == side


def test_wrong_bodies_are_refused(service: ServiceHere, client: FlaskClient) -> None:
    done = service.done()
    body = {"base": done, "head": done}
    for change, field in (
        ({"head": None}, "head"), ({"head": "../x"}, "head"), ({"base": done.upper()}, "base"),
        ({"options": {"alpha": 0}}, "options.alpha"), ({"options": {"align": "guess"}}, "options.align"),
        ({"options": {"listed": 0}}, "options.listed"), ({"options": {"least": "0"}}, "options.least"),
    ):  # fmt: skip
        problem = assert_problem(client.post("/v1/diffs", json=body | change), 422, "invalid-parameter")
        assert problem["errors"][0]["field"] == field
    problem = assert_problem(client.post("/v1/diffs", json={"base": done}), 422, "invalid-parameter")
    assert problem["errors"][0]["field"] == "head"
    assert service.parts.catalog.sizes()["studies"] == 0


@pytest.mark.parametrize("kind", ["diff", "audit"])
def test_analyses_of_different_architectures_are_refused_at_the_door(
    service: ServiceHere, client: FlaskClient, kind: str
) -> None:
    names = (("a", "b"), ("y",))
    one = service.done(flow_network([2, 1], {(0, 1): [[0.2], [0.9]]}, names=names))
    wider = service.done(flow_network([2, 2], {(0, 1): [[0.2, 1], [0.9, 1]]}))
    renamed = service.done(flow_network([2, 1], {(0, 1): [[0.2], [0.9]]}, names=(("a", "c"), ("y",))))
    policy = {"version": 1, "rules": [{"rule": "baseline-change", "max": 0.1}]}
    for other, says in ((wider, "2 -> 1 and 2 -> 2"), (renamed, "input features differ")):
        body = {"base": one, "head": other} if kind == "diff" else {
            "analysis": one, "baseline": other, "policy": policy,
        }  # fmt: skip
        problem = assert_problem(client.post(f"/v1/{kind}s", json=body), 422, "invalid-parameter")
        assert says in problem["detail"]
        assert problem["errors"][0]["field"] == ("head" if kind == "diff" else "baseline")
    assert service.parts.catalog.sizes()["studies"] == 0
