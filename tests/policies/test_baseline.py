"""A policy against a baseline: neurons of a retrained model find their counterparts, or it cannot be told."""

import numpy as np
import pytest

from estimator import Options, analyze
from estimator.diff import NetworkDiff, Side
from estimator.progress import silent
from service.policies import Policy, judge
from service.policies.baseline import compared
from service.policies.finding import Finding
from service.studies import kinds
from service.studies.kinds import KINDS
from tests.estimator.permuted_models import network_of, permuted, table, weights_of

CHANGE = {"rule": "baseline-change", "max": 0.05}
ORDER = np.array([3, 0, 5, 1, 4, 2])


def side(model: bytes) -> Side:
    rows = table()
    return Side(analyze(model, rows, Options(permutations=20)), model, rows)


@pytest.fixture(scope="module")
def base() -> Side:
    return side(network_of(*weights_of(0)))


def found(change: NetworkDiff, head: Side) -> Finding:
    policy = Policy.from_dict({"version": 1, "rules": [CHANGE]})
    audit = judge(policy, head.network, change)
    assert audit.document()["baseline"]["aligned_by"] == change.alignment.by
    return audit.rules[0].finding


def test_the_same_function_with_its_neurons_in_another_order_did_not_change(base: Side) -> None:
    head = side(permuted(*weights_of(0), ORDER))
    finding = found(compared(base, head), head)
    assert finding.verdict == "pass"
    assert "another model" in finding.reason
    by_name = found(compared(Side(base.network), Side(head.network)), head)
    assert by_name.verdict != "pass" and "matched by name" in by_name.reason


def test_an_edge_is_named_as_the_network_has_it_beside_its_counterpart(base: Side) -> None:
    head = side(permuted(weights_of(0)[0], weights_of(5)[1], ORDER))  # other outputs of the same neurons
    change = compared(base, head)
    finding = found(change, head)
    assert finding.verdict == "fail"
    for edge in finding.edges:
        source, consumer = (
            tuple(int(part) for part in end.split(":")) for end in (edge.source, edge.consumer)
        )
        assert source[0] == 1 and consumer[0] == 2, "only edges into the outputs can have changed"
        edges = next(e for e in head.network.edges if e.source == 1)
        assert edge.mi == edges.mi[source[1], consumer[1]]
        was = next(e for e in base.network.edges if e.source == 1)
        assert edge.baseline_mi == was.mi[ORDER[source[1]], consumer[1]]


def test_a_network_that_solves_it_differently_cannot_be_held_against_it(base: Side) -> None:
    """Edges of neurons without a counterpart are no evidence of a change."""
    head = side(network_of(*weights_of(99)))
    change = compared(base, head)
    [hidden] = [layer for layer in change.alignment.layers if layer.by == "activations"]
    assert hidden.strangers
    finding = found(change, head)
    assert f"{hidden.strangers} of 6 neurons of layer" in finding.reason
    if finding.verdict == "fail":
        by_name = {n: hidden.alike[np.flatnonzero(hidden.partner == n)[0]] for n in range(6)}
        ends = [end for edge in finding.edges for end in (edge.source, edge.consumer) if end.startswith("1:")]
        assert all(by_name[int(end[2:])] for end in ends)


def test_a_study_of_both_analyses_matches_them_by_what_they_do(base: Side) -> None:
    head = side(permuted(*weights_of(0), ORDER))
    sides = [kinds.Side(one.network, one.model, one.table, Options()) for one in (head, base)]
    document = KINDS["audit"].compute(sides, {"policy": {"version": 1, "rules": [CHANGE]}}, silent)
    assert (document["verdict"], document["baseline"]["aligned_by"]) == ("pass", "activations")
