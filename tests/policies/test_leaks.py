"""A planted leak of known size gets the right verdict on both sides of the threshold, and none near it.

The rule passes where mi + 1.96 se <= max and fails where mi - 1.96 se > max. With max 5 standard errors away
from the truth the wrong verdict needs an estimate 3 of them off: one in 740. With max at the truth the
interval straddles it in 95 of 100 runs; 87 or fewer of 100 would be one in 1,500.
"""

import pytest

from estimator.analysis import analyze
from estimator.data.read import read_table
from estimator.options import Options
from service.policies import Policy, judge
from tests.policies.leaks import (
    PLANTED,
    explained_network,
    leaked,
    leaking_network,
    planted_model,
    planted_table,
    standard_error,
)

RUNS = 100
FLIPS = 0.3
ENOUGH, ENOUGH_NEAR = 95, 88


def policy(most: float) -> Policy:
    rule = {"rule": "probe-information", "probe": "sex", "max": most}
    return Policy.from_dict({"version": 1, "rules": [rule]})


@pytest.fixture(scope="module")
def networks() -> list:
    return [leaking_network(FLIPS, seed) for seed in range(RUNS)]


def verdicts(networks: list, most: float) -> list[str]:
    return [judge(policy(most), network).verdict for network in networks]


def test_a_leak_above_the_threshold_fails_and_names_the_neuron(networks: list) -> None:
    most = leaked(FLIPS) - 5 * standard_error(FLIPS)
    assert verdicts(networks, most).count("fail") >= ENOUGH
    [found] = [judged.finding for judged in judge(policy(most), networks[0]).rules]
    assert [neuron.id for neuron in found.neurons] == [f"0:{PLANTED}"]


def test_a_leak_below_the_threshold_passes(networks: list) -> None:
    assert verdicts(networks, leaked(FLIPS) + 5 * standard_error(FLIPS)).count("pass") >= ENOUGH


def test_a_leak_at_the_threshold_cannot_be_told(networks: list) -> None:
    assert verdicts(networks, leaked(FLIPS)).count("cannot tell") >= ENOUGH_NEAR


def test_the_estimates_scatter_around_the_closed_form(networks: list) -> None:
    values = [network.probes[0].values[0] for network in networks]
    estimates = [float(value.mi[PLANTED]) for value in values]
    mean = sum(estimates) / RUNS
    # of a mean of 100: a tenth of the single error, and 1/(2n) nats of bias
    assert abs(mean - leaked(FLIPS)) < 4 * standard_error(FLIPS) / 10 + 1e-3


def test_a_leak_that_the_target_explains_fails_and_passes_given_the_target() -> None:
    """Two copies of the target with 15 % of the rows turned over each differ in 2 (0.15) (0.85) of the rows.

    That is 0.125 nats, 7 standard errors above the limit. Given the target it is 0 nats: 2 n times the
    plug-in estimate is about a chi-square of two degrees of freedom, and 2 n 0.01 = 30 would be one in
    three million.
    """
    most = 0.04
    both = 2 * 0.15 * 0.85
    assert leaked(both) > most + 5 * standard_error(both)
    rule = {"rule": "probe-information", "probe": "sex", "max": most}
    given = rule | {"given_target": True, "id": "given"}
    policy = Policy.from_dict({"version": 1, "rules": [rule, given]})
    found = [judge(policy, explained_network(0.15, seed)).rules for seed in range(30)]
    assert {whole.verdict for whole, _ in found} == {"fail"}
    assert {left.verdict for _, left in found} == {"pass"}


def test_a_planted_neuron_of_a_real_model_is_found_and_its_outputs_are_clean() -> None:
    table = read_table(planted_table(FLIPS, seed=1))
    network = analyze(planted_model(), table, Options(probes=("sex",), device="cpu"))
    below = leaked(FLIPS) - 5 * standard_error(FLIPS)
    rules = [
        {"rule": "probe-information", "probe": "sex", "max": below, "layers": "hidden", "id": "hidden"},
        {"rule": "probe-information", "probe": "sex", "max": below, "layers": "outputs", "id": "outputs"},
    ]
    hidden, outputs = judge(Policy.from_dict({"version": 1, "rules": rules}), network).rules
    assert (hidden.verdict, [neuron.id for neuron in hidden.finding.neurons]) == ("fail", ["1:1"])
    assert abs((hidden.finding.measured or 0) - leaked(FLIPS)) < 4 * standard_error(FLIPS)
    assert outputs.verdict == "pass"
