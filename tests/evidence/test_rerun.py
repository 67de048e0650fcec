"""What a rerun says: the same, or which numbers differ, by how much and why."""

import copy

from estimator.graph.describe import describe
from estimator.graph.node_link import node_link
from service.evidence.rerun import compare_runs
from service.policies import judge, read_policy
from tests.evidence.bundles import POLICY
from tests.networks import flow_network

NETWORK = flow_network([2, 1], {(0, 1): [[0.1], [0.9]]})
RUN = node_link(NETWORK, describe(NETWORK))
AUDIT = judge(read_policy(POLICY), NETWORK).document()


def test_equal_runs_are_the_same():
    assert compare_runs(RUN, copy.deepcopy(RUN), AUDIT, AUDIT).same


def test_a_number_that_differs_is_named_with_its_size():
    other = copy.deepcopy(RUN)
    other["links"][1]["mi"] += 0.25
    other["links"][0]["mi"] -= 0.001
    found = compare_runs(RUN, other, AUDIT, AUDIT)
    assert not found.same
    assert list(found.fields) == ["mi"]
    assert (found.fields["mi"].differ, found.fields["mi"].first) == (2, "links[0].mi")
    assert abs(found.fields["mi"].largest - 0.25) < 1e-12
    assert found.reasons == ()


def test_versions_and_devices_are_reasons_and_no_differences():
    other = copy.deepcopy(RUN)
    other["graph"]["provenance"]["versions"] = {"neural-information-flow": "9.9", "torch": "1"}
    other["graph"]["provenance"]["device"] = "cuda"
    found = compare_runs(RUN, other, AUDIT, AUDIT)
    assert found.same
    assert found.reasons == (
        ("neural-information-flow", "0.1.0", "9.9"),
        ("torch", "absent", "1"),
        ("device", "cpu", "cuda"),
    )


def test_another_verdict_is_named():
    judged = copy.deepcopy(AUDIT)
    judged["rules"][0]["verdict"] = "fail"
    found = compare_runs(RUN, RUN, AUDIT, judged)
    assert found.verdicts == (("minimum-rows", "pass", "fail"),)
    assert not found.same


def test_what_is_no_number_is_listed_by_its_place():
    other = copy.deepcopy(RUN)
    other["nodes"][0]["silent"] = "constant"
    other["links"].pop()
    assert compare_runs(RUN, other, AUDIT, AUDIT).other == ("nodes[0].silent", "links")
