"""What changed between two networks: nothing where nothing did, and errors at their rate."""

import json
from dataclasses import replace

import numpy as np
import pytest

from estimator.diff import DiffOptions, Side, diff
from estimator.diff.attributions import attributions_with_errors
from estimator.diff.document import document_of
from estimator.errors import InvalidParameter
from estimator.network import FlowNetwork
from tests.networks import flow_network, probe, random_network

NAMES = DiffOptions(align="names")


def with_edges(network: FlowNetwork, mi: np.ndarray, se: float, number: int = 0) -> FlowNetwork:
    """The network with other estimates between two of its layers."""
    edges = list(network.edges)
    edges[number] = replace(edges[number], mi=mi, se=np.full(mi.shape, se))
    return replace(network, edges=tuple(edges))


def as_model(network: FlowNetwork, sha256: str) -> FlowNetwork:
    return replace(network, provenance={**network.provenance, "model_sha256": sha256})


@pytest.mark.parametrize("align", ["auto", "names"])
def test_an_analysis_against_itself_is_empty(align):
    network = random_network(3)
    network = replace(network, probes=(probe(network),))
    found = diff(Side(network), Side(network), DiffOptions(align=align))
    assert found.empty
    document = json.loads(json.dumps(document_of(found), allow_nan=False))
    assert document["edges"]["changed"] == 0
    assert document["silent"] == []
    assert document["differs"] == []
    assert "nothing differs" in document["said"][0]


def test_each_kind_of_change_is_called_by_its_name():
    base = flow_network([2, 2], {(0, 1): [[0.0, 0.5], [0.5, 0.5]]})
    head = flow_network([2, 2], {(0, 1): [[0.5, 0.0], [0.9, 0.1]]})
    se = 0.01
    base, head = (with_edges(n, n.edges[0].mi, se) for n in (base, head))
    changes = document_of(diff(Side(base), Side(head), NAMES))["edges"]
    assert {(c["source"]["id"], c["target"]["id"]): c["kind"] for c in changes["changes"]} == {
        ("0:0", "1:0"): "appeared",
        ("0:0", "1:1"): "vanished",
        ("0:1", "1:0"): "grew",
        ("0:1", "1:1"): "shrank",
    }
    assert (changes["tested"], changes["changed"]) == (4, 4)
    # z = 0.5 / (sqrt(2) 0.01), the interval 1.96 of the same error
    appeared = next(c for c in changes["changes"] if c["kind"] == "appeared")
    assert appeared["se"] == pytest.approx(np.sqrt(2) * se)
    assert appeared["ci_low"] == pytest.approx(0.5 - 1.959964 * np.sqrt(2) * se)


def test_a_difference_within_both_errors_is_no_change_and_one_beyond_is():
    base = with_edges(flow_network([1, 1], {(0, 1): [[0.5]]}), np.array([[0.5]]), 0.03)
    for change, reported in ((0.08, False), (0.12, True)):  # 1.96 sqrt(0.03^2 + 0.04^2) = 0.098
        head = with_edges(base, np.array([[0.5 + change]]), 0.04)
        found = diff(Side(base), Side(head), NAMES)
        assert document_of(found)["edges"]["changed"] == int(reported)
    small = document_of(diff(Side(base), Side(head), DiffOptions(align="names", least=0.2)))
    assert small["edges"]["changed"] == 0, "a change below `least` is not reported"


def test_an_edge_that_only_crossed_the_threshold_is_counted_apart():
    base, head = (flow_network([1, 1], {(0, 1): [[mi]]}) for mi in (0.0, 0.02))
    base, head = (with_edges(n, n.edges[0].mi, 0.05) for n in (base, head))
    edges = document_of(diff(Side(base), Side(head), NAMES))["edges"]
    assert (edges["changed"], edges["switched_within_error"]) == (0, 1)


def test_false_alarms_stay_at_the_level_over_many_edges():
    """Of 400 diffs of 100 edges that did not change, at most alpha report anything (all nulls true)."""
    rng, alarms, runs = np.random.default_rng(0), 0, 400
    base = flow_network([10, 10], {(0, 1): np.full((10, 10), 0.5)})
    for _ in range(runs):
        noisy = [with_edges(base, 0.5 + 0.05 * rng.normal(size=(10, 10)), 0.05) for _ in range(2)]
        found = diff(Side(noisy[0]), Side(noisy[1]), DiffOptions(align="names", alpha=0.1))
        alarms += any(found.found(t).any() for t in found.edge_tests)
    assert alarms / runs <= 0.1 + 4 * np.sqrt(0.1 * 0.9 / runs)


def test_another_architecture_is_refused_and_the_layer_named():
    base = flow_network([2, 3, 2], {(0, 1): np.ones((2, 3)), (1, 2): np.ones((3, 2))})
    wider = flow_network([2, 4, 2], {(0, 1): np.ones((2, 4)), (1, 2): np.ones((4, 2))})
    deeper = flow_network(
        [2, 3, 3, 2], {(0, 1): np.ones((2, 3)), (1, 2): np.ones((3, 3)), (2, 3): np.ones((3, 2))}
    )
    skip = flow_network(
        [2, 3, 2], {(0, 1): np.ones((2, 3)), (1, 2): np.ones((3, 2)), (0, 2): np.ones((2, 2))}
    )
    for other, words in (
        (wider, "'layer1' with 3 neurons"),
        (deeper, "3 layers (2-3-2)"),
        (skip, "only head has"),
    ):
        with pytest.raises(InvalidParameter, match="different architectures") as refused:
            diff(Side(base), Side(other), NAMES)
        assert words in refused.value.detail


def test_other_features_are_refused_and_the_same_in_another_order_are_aligned():
    base = flow_network([2, 1], {(0, 1): [[0.1], [0.9]]}, names=[["age", "hours"], ["y"]])
    turned = flow_network([2, 1], {(0, 1): [[0.9], [0.1]]}, names=[["hours", "age"], ["y"]])
    other = flow_network([2, 1], {(0, 1): [[0.9], [0.1]]}, names=[["hours", "sex"], ["y"]])
    assert diff(Side(base), Side(as_model(turned, "b"))).empty
    with pytest.raises(InvalidParameter, match="only base has 'age'; only head has 'sex'"):
        diff(Side(base), Side(as_model(other, "b")))


def test_what_else_differs_is_said():
    base = flow_network([1, 1], {(0, 1): [[0.5]]})
    made = {**base.provenance, "data_sha256": "d", "estimator": "ksg", "seed": 7}
    head = replace(base, beta=1.0, provenance=made)
    document = document_of(diff(Side(base), Side(head)))
    assert {d["what"] for d in document["differs"]} == {"data_sha256", "estimator", "seed", "beta"}
    said = " ".join(document["said"])
    for words in (
        "The model is the same file",
        "The data differ",
        "in different ways",
        "with beta 1; it is read",
    ):
        assert words in said
    assert document["empty"], "read with one beta, the same estimates are the same"


def test_probes_are_compared_where_both_have_them_and_the_others_named():
    base = flow_network([1, 1], {(0, 1): [[0.5]]})
    shared = probe(base, "sex")
    values = tuple(replace(v, mi=v.mi + 1.0) for v in shared.values)
    head = replace(base, probes=(replace(shared, values=values), probe(base, "race", seed=1)))
    document = document_of(diff(Side(replace(base, probes=(shared,))), Side(head)))
    [found] = document["probes"]
    assert (found["name"], found["changed"], found["changes"][0]["kind"]) == ("sex", 2, "grew")
    assert any("Only head has the probes 'race'" in said for said in document["said"])


def test_a_neuron_that_falls_silent_is_listed():
    base = flow_network([1, 2, 1], {(0, 1): [[0.5, 0.5]], (1, 2): [[0.5], [0.5]]})
    head = flow_network([1, 2, 1], {(0, 1): [[0.5, 0.0]], (1, 2): [[0.5], [0.0]]})
    [change] = document_of(diff(Side(base), Side(head)))["silent"]
    assert (change["base"]["id"], change["was"], change["now"]) == ("1:1", None, "uninformative")


def test_the_error_of_an_attribution_is_that_of_many_draws():
    rng = np.random.default_rng(0)
    base = flow_network([2, 3, 2], {(0, 1): rng.uniform(0.3, 1, (2, 3)), (1, 2): rng.uniform(0.3, 1, (3, 2))})
    base = replace(base, edges=tuple(replace(e, se=np.full(e.mi.shape, 0.01)) for e in base.edges))
    said = attributions_with_errors(base)
    drawn = []
    for _ in range(2000):
        moved = tuple(replace(e, mi=e.mi + 0.01 * rng.normal(size=e.mi.shape)) for e in base.edges)
        drawn.append(attributions_with_errors(replace(base, edges=moved)).values)
    spread = np.std(drawn, axis=0)
    # the sd of 2000 draws is known to 1 / sqrt(2 * 2000) = 1.6 %; four of these, and 1 % for second order
    assert np.allclose(spread, said.se, rtol=0.075)


@pytest.mark.parametrize(
    "wrong", [{"align": "magic"}, {"alpha": 0}, {"least": float("nan")}, {"listed": 0}, {"beta": 1}]
)
def test_options_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InvalidParameter):
        DiffOptions.from_dict(wrong)
    assert DiffOptions.from_dict(DiffOptions(least=0.1).as_dict()) == DiffOptions(least=0.1)
