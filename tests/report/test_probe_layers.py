"""The table of probes on the page: what changes from layer to layer, and what is left given the target."""

from dataclasses import replace

from estimator.network import GivenTarget, Stratum
from service.report.names import NeuronNames
from service.report.probe_layers import probe_layers
from tests.networks import probe, random_network


def test_what_is_left_when_the_target_is_known_stands_beside() -> None:
    network = random_network(3)
    strata = (Stratum("yes", 120, True), Stratum("<no>", 30, False))
    given = GivenTarget("income", strata, probe(network, "sex", 2).values)
    sex = replace(probe(network, "sex"), given_target=given)
    network = replace(network, probes=(sex, probe(network, "age", 1)))
    told, bare = probe_layers(network, NeuronNames(network))
    assert told.given == "income"
    assert told.left_out == "Too small to be measured, with 20 % of the rows: <no> (30 rows)."
    first = told.lines[0]
    assert first.change == "enters"
    best = int(given.values[0].mi.argmax())
    assert first.given.startswith(f"layer0.{best}: ")
    assert (bare.given, bare.left_out, bare.lines[0].given) == (None, "", "not measured")


def test_a_layer_that_no_longer_hears_says_so() -> None:
    network = random_network(3)
    silent = [replace(v, q_value=v.q_value * 0 + 0.9) for v in probe(network, "sex").values]
    given = GivenTarget("income", (Stratum("yes", 150, True),), tuple(silent))
    network = replace(network, probes=(replace(probe(network, "sex"), given_target=given),))
    [told] = probe_layers(network, NeuronNames(network))
    assert {line.given for line in told.lines} == {"no neuron"}
