"""/v1/analyses/{id}/probes and its layers, with what is left when the target is known."""

from dataclasses import replace

from estimator.graph.probe_course import courses
from estimator.network import FlowNetwork, GivenTarget, Stratum
from tests.api.service_here import ServiceHere, assert_problem
from tests.networks import probe, random_network

STRATA = (Stratum("yes", 100, True), Stratum("no", 9, False))


def network() -> FlowNetwork:
    bare = random_network(4)
    given = GivenTarget("income", STRATA, probe(bare, "sex", 2).values)
    return replace(bare, probes=(replace(probe(bare, "sex"), given_target=given), probe(bare, "age", 1)))


def test_rows_say_what_is_left_when_the_target_is_known(service: ServiceHere) -> None:
    known = network()
    analysis = service.done(known)
    rows = service.client.get(f"/v1/analyses/{analysis}/probes?probe=sex").json
    given = known.probes[0].given_target
    assert given is not None
    assert [row["given_target"]["mi"] for row in rows] == [mi for v in given.values for mi in v.mi.tolist()]
    rows = service.client.get(f"/v1/analyses/{analysis}/probes?probe=age").json
    assert {row["given_target"] for row in rows} == {None}


def test_layers_tell_the_course_of_each_probe(service: ServiceHere) -> None:
    known = network()
    analysis = service.done(known)
    found = service.client.get(f"/v1/analyses/{analysis}/probes/layers").json
    assert [one["probe"] for one in found] == ["sex", "age"]
    assert found[0]["strata"] == [
        {"level": "yes", "rows": 100, "measured": True}, {"level": "no", "rows": 9, "measured": False},
    ]  # fmt: skip
    for one, truth in zip(found, courses(known), strict=True):
        assert [step["change"] for step in one["steps"]] == [step.change for step in truth.steps]
        named = [hearer["id"] for step in one["steps"] for hearer in step["heard"]["hearers"]]
        assert named == [hearer.id for step in truth.steps for hearer in step.heard.hearers]


def test_a_probe_that_is_not_there_is_named(service: ServiceHere) -> None:
    analysis = service.done(network())
    answer = service.client.get(f"/v1/analyses/{analysis}/probes/layers?probe=race")
    problem = assert_problem(answer, 422, "invalid-parameter")
    assert "'sex'" in problem["detail"]
