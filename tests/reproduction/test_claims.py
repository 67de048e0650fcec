"""Each claim is judged both ways on networks made by hand."""

from dataclasses import replace

import pytest

from estimator.scoring.bootstrap import Interval
from service.reproduction.claims import CLAIMS, Judgement
from service.reproduction.run import ESTIMATORS, Run
from tests.reproduction.hand_made import LOSS, cut, measured, run, without_dead_neurons

JUDGE = {claim.id: claim.judge for claim in CLAIMS}


def judged(claim: str, given: Run) -> Judgement:
    return JUDGE[claim](given, given.by[ESTIMATORS[0]])


@pytest.mark.parametrize("claim", list(JUDGE))
def test_the_paper_s_picture_holds_every_claim(claim: str) -> None:
    assert judged(claim, run()).held is True


def test_a_dead_neuron_with_an_edge_is_seen() -> None:
    wrong = run(first=[[0.9, 0.2, 0.03], [0.1, 0.4, 0.0]])
    assert judged("1a", wrong) == Judgement(False, {"always 0": 1, "largest mi": 0.03})
    assert judged("1", wrong).held is False


def test_without_dead_neurons_there_is_no_picture_and_nothing_to_cut() -> None:
    alive = without_dead_neurons(run())
    assert [judged(claim, alive).held for claim in ("1", "1b", "3a", "3b")] == [False] * 4
    assert judged("1a", alive).held is None
    assert judged("4b", alive).held is None


def test_the_remaining_carry_nothing_if_the_accuracy_stays_without_them() -> None:
    useless = replace(run(), without_remaining=cut(("1:0", "1:1"), Interval(-0.02, -0.05, 0.01)))
    assert judged("1c", useless).held is False


def test_dead_neurons_that_cost_accuracy_are_seen() -> None:
    costly = replace(run(), without_dead=cut(("1:2",), LOSS, 0.4))
    assert judged("1c", costly).held is False
    assert judged("4b", costly) == Judgement(False, {"cut": 1, "largest output change": 0.4})


def test_a_stronger_second_feature_and_its_numbers() -> None:
    found = judged("2a", run(first=[[0.3, 0.2, 0.0], [0.1, 0.4, 0.0]]))
    assert found == Judgement(False, {"first feature": 0.3, "other features": 0.4})


def test_a_community_of_more_than_two_is_not_their_own() -> None:
    with_an_output = run(communities=([0, 1], [0, 1, -1], [0, 1]))
    assert judged("2b", with_an_output).held is False
    assert judged("2c", with_an_output).held is True
    with_the_other_feature = run(communities=([0, 0], [0, 1, -1], [1, 1]))
    assert judged("2b", with_the_other_feature).held is False
    assert judged("2c", with_the_other_feature).held is False
    without_its_neuron = run(communities=([0, 1], [1, 0, -1], [1, 1]))
    assert judged("2b", without_its_neuron).held is False
    no_flow = run(communities=([-1, 1], [1, 1, -1], [1, 1]))
    assert judged("2b", no_flow).held is False
    assert judged("2c", no_flow).held is False


def test_spread_against_centrality() -> None:
    assert judged("2d", run(betweenness=(0, 1, 2))).numbers == {"rank correlation": pytest.approx(-1)}
    assert judged("2d", run(betweenness=(0, 1, 2))).held is False
    assert judged("2d", run(betweenness=(0, 0, 0))).held is False, "no order at all"


def test_a_loss_beyond_the_interval_fails_and_a_loss_within_it_does_not() -> None:
    assert judged("4", run(zero_flow=LOSS)).held is False
    assert judged("4a", run(zero_flow=LOSS)).held is True
    assert judged("4", run(zero_flow=Interval(-0.01, -0.03, 0.01))).held is True
    # Two random sets leave 0.75 of 0.9 on average.
    assert judged("4", run(zero_flow=LOSS)).numbers["random neurons"] == pytest.approx(-0.15)


def test_nearest_alone_nearest_with_ties_and_not_nearest() -> None:
    tied = run(nif=0.2, shap=0.2, gradients=0.3)
    assert (judged("5", tied).held, judged("5a", tied).held) == (True, False)
    farther = run(nif=0.25, shap=0.2, gradients=0.3)
    assert [judged(claim, farther).held for claim in ("5", "5a", "5b")] == [False] * 3


def test_each_estimator_is_judged_by_what_it_says() -> None:
    split = run(other=measured(nif=0.9))
    assert [JUDGE["5"](split, split.by[e]).held for e in ESTIMATORS] == [True, False]
