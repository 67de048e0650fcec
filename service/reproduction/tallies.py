"""In how many of the seeds each claim held, by recipe; and where it did not, what is at fault.

1. Each run is judged by each estimator.
2. What cannot fail (`always`) and does: something is wrong here, not in the paper.
3. Where a claim fails: did the other estimator say that it holds (in more than a third of these runs: the
   estimate)? Is there no estimate in it, or does it hold in half of the seeds under some recipe (training)?
   Else, the claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.reproduction.claims import CLAIMS, Claim, Judgement
from service.reproduction.recipes import BY_ID, RECIPES, Recipe
from service.reproduction.run import ESTIMATORS, Run

Fault = Literal["none", "estimate", "training", "claim", "here"]
MOST_SEEDS = 0.9
OTHER_ESTIMATOR = 1 / 3


@dataclass(frozen=True)
class Tally:
    """Of one claim under one recipe. judged: per run, by the estimators in order."""

    recipe: Recipe
    seeds: tuple[int, ...]
    judged: tuple[tuple[Judgement, ...], ...]

    def held(self, estimator: int = 0) -> int:
        return sum(run[estimator].held is True for run in self.judged)

    def asked(self, estimator: int = 0) -> int:
        """Runs that have something to ask the claim of."""
        return sum(run[estimator].held is not None for run in self.judged)

    @property
    def mostly(self) -> bool:
        return self.held() >= MOST_SEEDS * self.asked()

    def mean(self, number: str) -> float | None:
        """Over the runs that were asked, by the first estimator."""
        values = [run[0].numbers[number] for run in self.judged if number in run[0].numbers]
        return sum(values) / len(values) if values else None


@dataclass(frozen=True)
class Verdict:
    """tallies: one a recipe, in order. fault: of the failures. both_fail, failures: runs in which the first
    estimator says that the claim fails, and those of them in which the other says so, too."""

    claim: Claim
    tallies: tuple[Tally, ...]
    fault: Fault
    failures: int
    both_fail: int
    agree: int
    compared: int

    @property
    def held(self) -> int:
        return sum(tally.held() for tally in self.tallies)

    @property
    def asked(self) -> int:
        return sum(tally.asked() for tally in self.tallies)


def verdicts(runs: Sequence[Run]) -> tuple[Verdict, ...]:
    """Of the claims that these runs can be asked."""
    found = []
    for claim in CLAIMS:
        tallies = tuple(
            tally for recipe in RECIPES if recipe.experiment in claim.experiments
            and (tally := _tally(claim, recipe, runs)) is not None
        )  # fmt: skip
        if tallies:
            found.append(verdict(claim, tallies))
    return tuple(found)


def _tally(claim: Claim, recipe: Recipe, runs: Sequence[Run]) -> Tally | None:
    own = [run for run in runs if BY_ID[run.recipe] == recipe]
    if not own:
        return None
    judged = tuple(tuple(claim.judge(run, run.by[e]) for e in ESTIMATORS) for run in own)
    return Tally(recipe, tuple(run.seed for run in own), judged)


def verdict(claim: Claim, tallies: tuple[Tally, ...]) -> Verdict:
    judged = [run for tally in tallies for run in tally.judged]
    failed = [run for run in judged if run[0].held is False]
    both = sum(run[1].held is False for run in failed)
    asked = [run for run in judged if any(one.held is not None for one in run)]
    agree = sum(run[0].held == run[1].held for run in asked)
    fault = _fault(claim, tallies, len(failed), both)
    return Verdict(claim, tallies, fault, len(failed), both, agree, len(asked))


def _fault(claim: Claim, tallies: tuple[Tally, ...], failed: int, both: int) -> Fault:
    if not failed:
        return "none"
    if claim.kind == "always":
        return "here"
    if claim.kind == "trained":
        return "training"
    if failed - both > OTHER_ESTIMATOR * failed:
        return "estimate"
    if claim.same_for_all:
        return "claim"
    return "training" if any(2 * t.held() >= t.asked() > 0 for t in tallies) else "claim"
