"""Each kind of rule on networks made by hand: what passes, what fails, what cannot be told, what decides."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from estimator.diff import Side
from estimator.errors import InvalidParameter
from estimator.network import FlowNetwork, GivenTarget, Probe, ProbeLayer, Stratum
from service.policies import Audit, Policy, judge
from service.policies.baseline import compared
from service.policies.finding import Finding
from tests.networks import flow_network

NIF = {(0, 1): [[0.5, 0.3], [0.0, 0.2]], (1, 2): [[0.4], [0.2]]}
NAMES = (("zip", "age"), ("h.0", "h.1"), ("approve",))


def network(**kwargs: Any) -> FlowNetwork:
    return flow_network([2, 2, 1], NIF, names=NAMES, **kwargs)


def probe(
    mi: Any, half: Any = 0.0, *, saturated: Any = False, lower_bound: Any = False, **kwargs: Any
) -> Probe:
    """A probe of two levels; mi: of each layer's neurons, half: half the width of every interval."""
    layers = [
        layer_values(i, np.atleast_1d(np.array(m, float)), half, saturated, lower_bound)
        for i, m in enumerate(mi)
    ]
    return Probe("sex", "categorical", (("F", 75), ("M", 75)), tuple(layers), **kwargs)


def layer_values(
    layer: int, mi: Any, half: float, saturated: bool = False, lower_bound: bool = False
) -> ProbeLayer:
    n = len(mi)
    return ProbeLayer(
        layer=layer, mi=mi, se=np.full(n, half / 1.96), ci_low=np.maximum(0, mi - half), ci_high=mi + half,
        p_value=np.full(n, 0.01), q_value=np.full(n, 0.02),
        saturated=np.full(n, saturated), lower_bound=np.full(n, lower_bound),
    )  # fmt: skip


def audit(
    on: FlowNetwork, *rules: dict[str, Any], baseline: FlowNetwork | None = None, **policy: Any
) -> Audit:
    change = None if baseline is None else compared(Side(baseline), Side(on))
    return judge(Policy.from_dict({"version": 1, "rules": list(rules)} | policy), on, change)


def found(on: FlowNetwork, rule: dict[str, Any], baseline: FlowNetwork | None = None) -> Finding:
    return audit(on, rule, baseline=baseline).rules[0].finding


SEX = {"rule": "probe-information", "probe": "sex", "max": 0.1}


class TestProbeInformation:
    @pytest.mark.parametrize(
        ("mi", "half", "verdict"),
        [(0.05, 0.04, "pass"), (0.05, 0.05, "pass"), (0.05, 0.06, "cannot tell"), (0.2, 0.11, "cannot tell"),
         (0.2, 0.09, "fail"), (0.1, 0.0, "pass"), (0.0, 0.0, "pass")],
    )  # fmt: skip
    def test_the_end_of_the_interval_counts(self, mi: float, half: float, verdict: str) -> None:
        on = network(probes=(probe([[0.9, 0.9], [0.9, 0.9], mi], half),))
        assert found(on, SEX).verdict == verdict

    def test_the_layers_that_are_asked_for_are_judged(self) -> None:
        on = network(probes=(probe([[0.9, 0.01], [0.01, 0.5], 0.01]),))
        assert found(on, SEX).verdict == "pass"
        hidden = found(on, SEX | {"layers": "hidden"})
        assert (hidden.verdict, [n.name for n in hidden.neurons]) == ("fail", ["h.1"])
        assert [n.id for n in found(on, SEX | {"layers": "all"}).neurons] == ["0:0", "1:1"]
        named = found(on, SEX | {"layers": ["layer2"]})
        assert named.verdict == "pass"
        unknown = found(on, SEX | {"layers": ["layer9"]})
        assert unknown.verdict == "cannot tell" and "did you mean layer" in unknown.reason

    @pytest.mark.parametrize("flag", ["saturated", "lower_bound"])
    def test_at_least_so_much_is_never_at_most_so_much(self, flag: str) -> None:
        below = network(probes=(probe([[0, 0], [0, 0], 0.05], 0.01, **{flag: True}),))
        assert found(below, SEX).verdict == "cannot tell"
        above = network(probes=(probe([[0, 0], [0, 0], 0.5], 0.01, **{flag: True}),))
        assert found(above, SEX).verdict == "fail"

    @pytest.mark.parametrize(
        ("name", "says"),
        [("sx", "did you mean sex"), ("zip", "is an input of the model"), ("salary", "has no probe salary")],
    )
    def test_a_probe_that_was_not_measured_cannot_be_told(self, name: str, says: str) -> None:
        on = network(probes=(probe([[0, 0], [0, 0], 0.0]),))
        finding = found(on, SEX | {"probe": name})
        assert finding.verdict == "cannot tell" and says in finding.reason

    def test_outputs_with_one_value_each_are_no_pass(self) -> None:
        on = network(probes=(probe([[0, 0], [0, 0], 0.0]),))
        constant = tuple(replace(f, constant=np.ones_like(f.constant)) for f in on.facts)
        assert found(replace(on, facts=constant), SEX).verdict == "cannot tell"

    def test_a_value_that_is_no_number_is_no_pass(self) -> None:
        on = network(probes=(probe([[0, 0], [0, 0], np.nan]),))
        finding = found(on, SEX)
        assert finding.verdict == "cannot tell"
        assert finding.as_dict()["measured"] is None


class TestGivenTheTarget:
    def given(self, mi: float, rows: tuple[int, ...] = (75, 75), **rule: Any) -> Finding:
        strata = tuple(Stratum(f"t{i}", n, n >= 30) for i, n in enumerate(rows))
        values = (layer_values(2, np.array([mi]), 0.01),) if any(n >= 30 for n in rows) else ()
        on = network(
            probes=(probe([[0, 0], [0, 0], 0.9], given_target=GivenTarget("income", strata, values)),)
        )
        return found(on, SEX | {"given_target": True} | rule)

    def test_what_is_left_is_judged_and_not_the_whole(self) -> None:
        assert self.given(0.05).verdict == "pass"
        assert self.given(0.2).verdict == "fail"
        assert self.given(0.1).verdict == "cannot tell"

    def test_a_stratum_of_three_rows_cannot_be_told_and_is_named(self) -> None:
        finding = self.given(0.01, (75, 72, 3))
        assert finding.verdict == "cannot tell"
        assert "t2 (3 rows)" in finding.reason and "2 %" in finding.reason

    def test_a_share_that_the_policy_accepts_counts_at_its_worst(self) -> None:
        # 2 % of the rows may hold ln 2 nats each: 0.0139 more
        assert self.given(0.01, (75, 72, 3), left_out=0.05).verdict == "pass"
        assert self.given(0.08, (75, 72, 3), left_out=0.05).verdict == "cannot tell"

    def test_no_stratum_large_enough_cannot_be_told(self) -> None:
        assert self.given(0.0, (20, 20), left_out=1).verdict == "cannot tell"

    def test_without_a_categorical_target_it_cannot_be_told(self) -> None:
        on = network(probes=(probe([[0, 0], [0, 0], 0.0]),))
        finding = found(on, SEX | {"given_target": True})
        assert finding.verdict == "cannot tell" and "categorical target" in finding.reason


PATH = {"rule": "path-strength", "source": "zip", "target": "approve"}


class TestPathStrength:
    # zip -> h.0 -> approve: 0.5 * 0.4 = 0.2; intervals are mi -+ 20 %: 0.4 * 0.32 = 0.128, 0.6 * 0.48 = 0.288
    @pytest.mark.parametrize(
        ("most", "verdict"), [(0.3, "pass"), (0.28, "cannot tell"), (0.13, "cannot tell"), (0.12, "fail")]
    )
    def test_products_of_the_ends_count(self, most: float, verdict: str) -> None:
        finding = found(network(), PATH | {"max": most})
        assert finding.verdict == verdict
        assert finding.measured == pytest.approx(0.2)
        assert (finding.low, finding.high) == (pytest.approx(0.128), pytest.approx(0.288))
        assert [(e.source, e.consumer) for e in finding.edges] == [("0:0", "1:0"), ("1:0", "2:0")]

    def test_an_edge_that_is_not_significant_may_still_carry_something(self) -> None:
        on = network()
        low = replace(on.edges[0], ci_high=np.where(on.edges[0].mi == 0, 0.9, on.edges[0].ci_high))
        finding = found(replace(on, edges=(low, on.edges[1])), PATH | {"source": "age", "max": 0.1})
        assert finding.verdict == "cannot tell"  # age -> h.0 is not significant, and may be 0.9 * 0.48

    def test_an_unresolved_edge_has_its_ceiling_as_upper_end(self) -> None:
        on = network()
        open_edge = replace(on.edges[0], lower_bound=np.array([[True, False], [False, False]]))
        at_least = replace(on, edges=(open_edge, on.edges[1]))
        assert found(at_least, PATH | {"max": 0.3}).verdict == "cannot tell"
        assert found(at_least, PATH | {"max": 5 * 0.48}).verdict == "pass"
        forgotten = replace(open_edge, ceiling=np.full((2, 2), np.nan))
        unbounded = found(replace(on, edges=(forgotten, on.edges[1])), PATH | {"max": 5 * 0.48})
        assert unbounded.verdict == "cannot tell" and unbounded.high is None

    def test_another_beta_reads_the_same_measurements(self) -> None:
        on = network(beta=0.5, redundancy=[[0.2, 0.2], [0.2, 0.2], [0.0]])
        assert found(on, PATH | {"max": 1}).measured == pytest.approx(0.5 * 0.4)
        assert found(on, PATH | {"max": 1, "beta": 0.0}).measured == pytest.approx(0.6 * 0.5)

    def test_what_redundancy_takes_away_whole_is_a_pass_and_what_nothing_connects_is_none(self) -> None:
        on = network(beta=0.5, redundancy=[[0.2, 0.2], [0.2, 0.2], [0.0]])
        assert found(on, PATH | {"max": 0.0, "beta": 100.0}).verdict == "pass"
        apart = flow_network([2, 2, 1], {(0, 2): [[0.4], [0.2]]}, names=NAMES)
        finding = found(apart, PATH | {"target": "1:0", "max": 1})
        assert finding.verdict == "cannot tell"

    def test_a_feature_that_is_none_cannot_be_told(self) -> None:
        finding = found(network(), PATH | {"source": "zap", "max": 1})
        assert finding.verdict == "cannot tell" and "did you mean zip" in finding.reason


class TestAttributionShare:
    # A(zip) = 0.5 * 0.4 + 0.3 * 0.2 = 0.26, A(age) = 0.2 * 0.2 = 0.04: zip has 0.26 / 0.3 = 86.7 %
    def test_the_share_is_that_of_the_closed_form(self) -> None:
        finding = found(network(), {"rule": "attribution-share", "feature": "zip", "max": 0.5})
        assert finding.verdict == "fail"
        assert finding.measured == pytest.approx(0.26 / 0.3)
        assert finding.low is not None and 0.5 < finding.low < 0.26 / 0.3

    @pytest.mark.parametrize(("most", "verdict"), [(0.99, "pass"), (0.8666, "cannot tell"), (0.7, "fail")])
    def test_its_interval_is_held_against_the_limit(self, most: float, verdict: str) -> None:
        rule = {"rule": "attribution-share", "feature": "zip", "output": "approve", "max": most}
        assert found(network(), rule).verdict == verdict

    def test_an_output_that_nothing_reaches_is_no_pass(self) -> None:
        nothing = flow_network([2, 2, 1], {(0, 1): np.zeros((2, 2)), (1, 2): np.zeros((2, 1))}, names=NAMES)
        finding = found(nothing, {"rule": "attribution-share", "feature": "zip", "max": 0.5})
        assert finding.verdict == "cannot tell" and "no flow" in finding.reason


class TestSilentShare:
    def test_silent_neurons_are_counted_and_named(self) -> None:
        nif = {(0, 1): [[0.5, 0.0], [0.1, 0.0]], (1, 2): [[0.4], [0.0]]}
        on = flow_network([2, 2, 1], nif, names=NAMES)
        half = found(on, {"rule": "silent-share", "max": 0.2})
        assert (half.verdict, half.measured, [n.name for n in half.neurons]) == ("fail", 0.5, ["h.1"])
        assert found(on, {"rule": "silent-share", "max": 0.5}).verdict == "pass"
        assert found(on, {"rule": "silent-share", "max": 0.0, "count": "constant"}).verdict == "pass"

    def test_without_a_hidden_layer_nothing_is_counted(self) -> None:
        on = flow_network([2, 1], {(0, 1): [[0.1], [0.1]]})
        assert found(on, {"rule": "silent-share", "max": 1}).verdict == "cannot tell"


CHANGE = {"rule": "baseline-change", "max": 0.05}


class TestBaselineChange:
    def shifted(self, by: float, **flags: Any) -> FlowNetwork:
        on = network()
        first = on.edges[0]
        mi = first.mi + np.array([[by, 0], [0, 0]])
        return replace(on, edges=(replace(first, mi=mi, se=np.full((2, 2), 0.02), **flags), on.edges[1]))

    def test_against_itself_nothing_changed(self) -> None:
        on = network()
        finding = found(on, CHANGE, baseline=on)
        assert (finding.verdict, finding.measured, finding.edges) == ("pass", 0.0, ())

    def test_a_change_beyond_its_interval_and_the_limit_fails_with_its_edge(self) -> None:
        # z = 0.4 / hypot(0.02, 0.05) = 7.4
        finding = found(self.shifted(0.4), CHANGE, baseline=network())
        assert finding.verdict == "fail"
        [edge] = finding.edges
        assert (edge.source, edge.consumer, edge.baseline_mi) == ("0:0", "1:0", 0.5)
        assert finding.measured == pytest.approx(0.4)

    def test_a_change_within_its_interval_or_the_limit_passes(self) -> None:
        assert found(self.shifted(0.09), CHANGE, baseline=network()).verdict == "pass"  # z = 1.7
        assert found(self.shifted(0.4), CHANGE | {"max": 0.5}, baseline=network()).verdict == "pass"

    def test_a_change_of_an_unresolved_edge_cannot_be_told(self) -> None:
        on = self.shifted(0.4, lower_bound=np.array([[True, False], [False, False]]))
        assert found(on, CHANGE, baseline=network()).verdict == "cannot tell"

    def test_neurons_in_another_order_are_matched_by_name(self) -> None:
        turned = flow_network(
            [2, 2, 1], {(0, 1): [[0.2, 0.0], [0.3, 0.5]], (1, 2): [[0.2], [0.4]]},
            names=(("age", "zip"), ("h.1", "h.0"), ("approve",)),
        )  # fmt: skip
        finding = found(network(), CHANGE, baseline=turned)
        assert (finding.verdict, finding.measured) == ("pass", 0.0)

    def test_another_architecture_is_refused(self) -> None:
        other = flow_network([2, 3, 1], {(0, 1): np.ones((2, 3)), (1, 2): np.ones((3, 1))})
        with pytest.raises(InvalidParameter, match="different architectures") as caught:
            found(network(), CHANGE, baseline=other)
        assert {place.field for place in caught.value.errors} == {"baseline"}

    def test_other_data_and_another_estimator_are_said(self) -> None:
        base = network()
        elsewhere = replace(base, provenance=base.provenance | {"data_sha256": "9" * 64})
        assert "other data" in found(base, CHANGE, baseline=elsewhere).reason
        ksg = replace(base, provenance=base.provenance | {"estimator": "ksg"})
        finding = found(self.shifted(0.4), CHANGE, baseline=ksg)
        assert finding.verdict == "cannot tell" and "another estimator" in finding.reason

    def test_without_a_baseline_it_cannot_be_told(self) -> None:
        assert found(network(), CHANGE).verdict == "cannot tell"


class TestEstimatorsAgree:
    def checked(self, largest: float, mean: float = 0.01) -> FlowNetwork:
        on = network()
        report = {
            "estimator": "ksg", "pairs": 3, "mean_absolute_difference": mean,
            "largest_absolute_difference": largest,
        }  # fmt: skip
        return replace(on, provenance=on.provenance | {"cross_check": report})

    def test_agreement_passes_and_disagreement_cannot_be_told(self) -> None:
        rule = {"rule": "estimators-agree", "max": 0.05}
        assert found(self.checked(0.05), rule).verdict == "pass"
        assert found(self.checked(0.06), rule).verdict == "cannot tell"
        assert found(self.checked(0.06), rule | {"statistic": "mean"}).verdict == "pass"
        assert audit(self.checked(0.06), rule | {"cannot_tell": "fail"}).verdict == "fail"

    def test_without_a_cross_check_it_cannot_be_told(self) -> None:
        assert found(network(), {"rule": "estimators-agree", "max": 9}).verdict == "cannot tell"

    def test_a_check_by_another_estimator_is_not_the_one_asked_for(self) -> None:
        rule = {"rule": "estimators-agree", "max": 9, "estimator": "mine"}
        assert found(self.checked(0.0), rule).verdict == "cannot tell"


class TestMinimumRows:
    @pytest.mark.parametrize(("least", "verdict"), [(150, "pass"), (151, "fail")])
    def test_rows_are_counted(self, least: int, verdict: str) -> None:
        assert found(network(), {"rule": "minimum-rows", "min": least}).verdict == verdict

    def test_repeated_rows_count_once_where_asked(self) -> None:
        on = network()
        repeated = replace(on, provenance=on.provenance | {"distinct_rows": 9})
        assert found(repeated, {"rule": "minimum-rows", "min": 100}).verdict == "pass"
        assert found(repeated, {"rule": "minimum-rows", "min": 100, "distinct": True}).verdict == "fail"


SATURATED = {"rule": "saturated-not-decisive"}


class TestSaturatedNotDecisive:
    def saturated(self, *at: tuple[int, int], of: int = 0) -> FlowNetwork:
        on = network()
        flags = np.zeros_like(on.edges[of].saturated)
        for place in at:
            flags[place] = True
        edges = list(on.edges)
        edges[of] = replace(edges[of], saturated=flags)
        return replace(on, edges=tuple(edges))

    def test_a_saturated_edge_on_a_strong_path_fails(self) -> None:
        assert found(network(), SATURATED).verdict == "pass"
        finding = found(self.saturated((0, 0)), SATURATED)
        assert (finding.verdict, [e.consumer_name for e in finding.edges]) == ("fail", ["h.0"])

    def test_one_that_nothing_rests_on_does_not_matter(self) -> None:
        assert found(self.saturated((1, 0)), SATURATED).verdict == "pass"

    def test_one_that_decides_another_rule_fails_wherever_the_rule_stands(self) -> None:
        on = self.saturated((0, 1))
        path = PATH | {"max": 0.12}
        alone = SATURATED | {"paths": 0}
        assert audit(on, alone, path).rules[0].finding.verdict == "pass"
        deciding = replace(on, edges=self.saturated((0, 0)).edges)
        assert audit(deciding, alone, path).rules[0].finding.verdict == "fail"

    def test_all_edges_saturated_cannot_be_told(self) -> None:
        on = network()
        edges = tuple(replace(e, saturated=np.ones_like(e.saturated)) for e in on.edges)
        assert found(replace(on, edges=edges), SATURATED).verdict == "cannot tell"


PASSES = {"rule": "minimum-rows", "min": 1, "id": "p"}
FAILES = {"rule": "minimum-rows", "min": 9999, "id": "f"}
UNKNOWN = {"rule": "estimators-agree", "max": 1, "id": "u"}


class TestVerdictOfAnAudit:
    def test_fail_outweighs_cannot_tell_which_outweighs_pass(self) -> None:
        assert audit(network(), PASSES).verdict == "pass"
        assert audit(network(), PASSES, UNKNOWN).verdict == "cannot tell"
        assert audit(network(), PASSES, UNKNOWN, FAILES).verdict == "fail"

    def test_cannot_tell_counts_as_the_policy_says_and_the_finding_stays(self) -> None:
        lenient = audit(network(), PASSES, UNKNOWN, cannot_tell="pass")
        assert lenient.verdict == "pass"
        assert lenient.document()["rules"][1]["found"] == "cannot tell"
        own = audit(network(), UNKNOWN | {"cannot_tell": "fail"}, cannot_tell="pass")
        assert own.verdict == "fail"

    def test_a_probe_that_data_rule_out_is_told_with_its_reason(self) -> None:
        policy = Policy.from_dict({"version": 1, "rules": [SEX, PASSES]})
        judged = judge(policy, network(), refused={"sex": "column 'sex' has one value only"})
        assert judged.verdict == "cannot tell"
        assert judged.rules[0].finding.reason == "column 'sex' has one value only"
