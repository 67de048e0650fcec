"""In how many seeds a claim held, and what is said to be at fault where not."""

from dataclasses import replace

import pytest

from service.reproduction.markdown import reproduction_page
from service.reproduction.run import Run
from service.reproduction.saying import fault, share, summary
from service.reproduction.tallies import Verdict, verdicts
from tests.reproduction.hand_made import LOSS, cut, measured, run, without_dead_neurons


def the(claim: str, runs: list[Run]) -> Verdict:
    return next(v for v in verdicts(runs) if v.claim.id == claim)


def test_seeds_are_counted_by_recipe_and_only_those_that_can_be_asked() -> None:
    runs = [run(seed=0), without_dead_neurons(run(seed=1)), run("iris-std", seed=0)]
    found = the("1a", runs)
    assert [(t.recipe.id, share(t)) for t in found.tallies] == [
        ("iris-raw", "1 of 1 (of 2 seeds)"), ("iris-std", "1 of 1"),
    ]  # fmt: skip
    assert [(v.claim.id, v.held, v.asked) for v in verdicts(runs) if v.claim.id in ("1", "1b")] == [
        ("1", 2, 3), ("1b", 2, 3),
    ]  # fmt: skip
    assert not [v for v in verdicts(runs) if v.claim.id[0] in "23"], "no banknote was run"


def test_what_is_counted_in_activations_is_the_training_s_fault() -> None:
    found = the("1b", [run(seed=0), without_dead_neurons(run(seed=1))])
    assert found.fault == "training"
    assert "No estimate is in it" in fault(found, [found])


def test_where_the_other_estimator_holds_it_the_estimate_is_at_fault() -> None:
    runs = [run("banknote-raw", seed, other=measured(), nif=0.9) for seed in range(3)]
    found = the("5", runs)
    assert (found.fault, found.failures, found.both_fail, found.agree) == ("estimate", 3, 0, 0)
    assert "it hangs on the estimate" in fault(found, [found])


def test_where_one_recipe_holds_it_and_both_estimators_refuse_it_elsewhere_it_is_the_training() -> None:
    runs = [run("banknote-raw", 0), run("banknote-std", 0, communities=([0, 0], [0, 1, -1], [1, 1]))]
    assert the("2c", runs).fault == "training"


def test_where_no_recipe_holds_it_in_half_of_the_seeds_it_is_the_claim() -> None:
    split = {"communities": ([0, 1], [0, 1, -1], [0, 1])}
    runs = [run("banknote-raw", seed, **split) for seed in range(3)] + [run("banknote-raw", 3)]
    found = the("2b", runs)
    assert (found.held, found.asked, found.fault) == (1, 4, "claim")
    assert "under no recipe does it hold in half" in fault(found, [found])


def test_a_cut_that_costs_is_against_the_claim_whatever_holds_elsewhere() -> None:
    runs = [run("deep-raw", seed) for seed in range(9)] + [run("deep-raw", 9, zero_flow=LOSS)]
    found = the("4", runs)
    assert (found.held, found.asked, found.fault) == (9, 10, "claim")
    said = fault(found, verdicts(runs))
    assert "which the redundancy term (beta 0.5) takes off them whole" in said
    assert found.tallies[0].mostly, "nine of ten"


def test_what_cannot_fail_and_does_is_said_first() -> None:
    wrong = replace(run(), without_dead=cut(("1:2",), LOSS, 0.4))
    found = verdicts([wrong])
    assert next(v for v in found if v.claim.id == "4b").fault == "here"
    assert summary(found)[0] == "What cannot fail has failed (4b): do not trust these results."
    assert summary(verdicts([run()]))[0].startswith("What must always hold does")


@pytest.mark.parametrize("holds", [True, False])
def test_the_page_says_both_outcomes_as_plainly(holds: bool) -> None:
    runs = [run("banknote-raw", seed, zero_flow=LOSS if not holds else cut(()).difference) for seed in (0, 1)]
    page = reproduction_page(runs, verdicts(runs), "banknote", {"numpy": "2"})
    row = next(line for line in page.splitlines() if line.startswith("| 4 |"))
    assert row.endswith("| 2 | 2 |  |" if holds else "| 0 | 2 | the claim |")
    assert "(figures/figure-3-banknote.svg)" in page
    assert "figure-1-iris" not in page, "Iris was not run"
