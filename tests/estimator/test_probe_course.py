"""The course of a probe on networks made by hand: where it enters, grows, holds, fades and is lost."""

from dataclasses import replace

import numpy as np
import pytest

from estimator.errors import InvalidParameter
from estimator.graph.probe_course import course, courses
from estimator.network import FlowNetwork, GivenTarget, Probe, ProbeLayer, Stratum
from tests.networks import flow_network


def layer(index: int, mi: list[float], se: float = 0.01, q: list[float] | None = None) -> ProbeLayer:
    values, n = np.array(mi), len(mi)
    return ProbeLayer(
        layer=index, mi=values, se=np.full(n, se), ci_low=values - 1.96 * se, ci_high=values + 1.96 * se,
        p_value=np.full(n, 0.01), q_value=np.array(q or [0.01 if m > 0 else 0.9 for m in mi]),
        saturated=np.zeros(n, bool), lower_bound=np.zeros(n, bool),
    )  # fmt: skip


def chain(*mi: list[float], **probe: object) -> FlowNetwork:
    """Layers in a row, with these values of one probe."""
    sizes = [len(m) for m in mi]
    nif = {(i, i + 1): np.full((sizes[i], sizes[i + 1]), 0.1) for i in range(len(sizes) - 1)}
    made = Probe("sex", "numeric", (), tuple(layer(i, m) for i, m in enumerate(mi)))
    return flow_network(sizes, nif, probes=(replace(made, **probe),))  # type: ignore[arg-type]


def test_it_enters_grows_holds_fades_and_is_lost() -> None:
    network = chain([0, 0], [0.1, 0], [0.2, 0.1], [0.21], [0.05, 0], [0, 0])
    changes = [step.change for step in course(network, network.probes[0]).steps]
    assert changes == ["absent", "enters", "grows", "holds", "fades", "lost"]


def test_a_difference_within_the_errors_is_no_change() -> None:
    # sqrt(2) * 0.01 * 1.96 = 0.0277
    for later, change in ((0.127, "holds"), (0.129, "grows"), (0.073, "holds"), (0.071, "fades")):
        network = chain([0.1], [later])
        assert course(network, network.probes[0]).steps[1].change == change


def test_the_most_informative_neurons_that_hear_are_named_in_order() -> None:
    network = chain([0.1, 0.3, 0.0, 0.2], [0.1])
    first = course(network, network.probes[0], most=2).steps[0]
    assert first.heard.neurons == 3
    assert [(hearer.id, hearer.mi) for hearer in first.heard.hearers] == [("0:1", 0.3), ("0:3", 0.2)]


def test_a_skip_connection_is_compared_with_the_loudest_of_what_feeds_it() -> None:
    nif = {(0, 1): [[0.1]], (1, 2): [[0.1]], (0, 2): [[0.1]]}
    probe = Probe("sex", "numeric", (), (layer(0, [0.5]), layer(1, [0.1]), layer(2, [0.5])))
    network = flow_network([1, 1, 1], nif, probes=(probe,))
    assert [step.change for step in course(network, probe).steps] == ["enters", "fades", "holds"]


def test_what_is_heard_when_the_target_is_known_stands_beside() -> None:
    strata = (Stratum("yes", 100, True), Stratum("no", 20, False))
    given = GivenTarget("income", strata, (layer(0, [0.0]), layer(1, [0.02])))
    network = chain([0.1], [0.1], given_target=given)
    found = course(network, network.probes[0])
    assert (found.target, found.share_left_out) == ("income", pytest.approx(20 / 120))
    assert [step.given_target and step.given_target.neurons for step in found.steps] == [0, 1]
    assert [step.name for step in found.outputs] == ["layer1"]


def test_a_probe_that_is_not_there_is_refused() -> None:
    network = chain([0.1], [0.1])
    assert [one.probe for one in courses(network)] == ["sex"]
    with pytest.raises(InvalidParameter, match="'sex'"):
        courses(network, "race")
    with pytest.raises(InvalidParameter, match="there is no probe"):
        courses(replace(network, probes=()), "race")
