"""Verdicts in words, for the page and for `reproduction.md` alike."""

from collections.abc import Sequence

from service.report.text import number
from service.reproduction.tallies import Tally, Verdict

ALWAYS = "always"
FAULTS = {
    "none": "It reproduces.",
    "here": "This cannot fail: the fault is in this program. Please report it.",
}


def share(tally: Tally) -> str:
    """`9 of 10`; of how many seeds if not all could be asked."""
    asked, seeds = tally.asked(), len(tally.seeds)
    if not asked:
        return "nothing to ask"
    return f"{tally.held()} of {asked}" + (f" (of {seeds} seeds)" if asked < seeds else "")


def numbers(tally: Tally) -> str:
    """The means of what it was judged by, over the seeds."""
    names = dict.fromkeys(name for run in tally.judged for name in run[0].numbers)
    means = [(name, tally.mean(name)) for name in names]
    return ", ".join(f"{name} {number(mean)}" for name, mean in means if mean is not None)


def fault(verdict: Verdict, everything: Sequence[Verdict]) -> str:
    """What the failures are due to, with the evidence; a sentence or two."""
    if verdict.fault in FAULTS:
        return FAULTS[verdict.fault]
    runs = f"{verdict.failures} of {verdict.asked} networks"
    if verdict.claim.kind == "trained":
        return (
            f"It fails in {runs}. No estimate is in it, it is counted in the activations: what differs is "
            f"the training ({_by_recipe(verdict)})."
        )
    both = f"in {verdict.both_fail} of {verdict.failures} failures KSG, the other estimator, fails it, too"
    if verdict.fault == "estimate":
        more = f" {_of_redundancy(everything)}" if verdict.claim.id == "4" else ""
        return f"It fails in {runs}; only {both}: it hangs on the estimate.{more}".rstrip()
    if verdict.claim.id == "4":
        return (
            f"It fails in {runs}, and {both}: not the estimate, but the claim. {_of_redundancy(everything)}"
        )
    if verdict.fault == "training":
        return (
            f"It fails in {runs}, and {both}: not the estimate. By recipe it holds in {_by_recipe(verdict)}: "
            "it hangs on the training."
        )
    return (
        f"It fails in {runs}, and {both}; under no recipe does it hold in half of the seeds "
        f"({_by_recipe(verdict)}): the claim is at fault, or it needs a training that is not told."
    )


def _of_redundancy(everything: Sequence[Verdict]) -> str:
    plain = next((verdict for verdict in everything if verdict.claim.id == "4a"), None)
    if plain is None or plain.failures:
        return ""
    return (
        "The neurons that it fails on do carry information, which the redundancy term (beta 0.5) takes off "
        f"them whole; those that carry none at beta 0, either, are cut without loss in all {plain.asked} "
        "networks that have such (4a)."
    )


def _by_recipe(verdict: Verdict) -> str:
    several = len({tally.recipe.experiment for tally in verdict.tallies}) > 1
    told = []
    for tally in verdict.tallies:
        if tally.asked():
            words = f"{tally.recipe.experiment} {tally.recipe.words}" if several else tally.recipe.words
            told.append(f"{words}: {share(tally)}")
    return "; ".join(told)


def summary(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The result first: what holds everywhere, what under some recipe, what does not."""
    whole = [v for v in verdicts if v.asked and not v.failures]
    partly = [v for v in verdicts if v.failures and any(t.asked() and t.mostly for t in v.tallies)]
    not_ = [v for v in verdicts if v.failures and v not in partly]
    broken = [v for v in verdicts if v.fault == "here"]
    said = []
    if broken:
        said.append(f"What cannot fail has failed ({_ids(broken)}): do not trust these results.")
    else:
        said.append("What must always hold does: " + _always(verdicts))
    if whole:
        said.append(f"Reproduced in every network: {_ids(whole)}.")
    if partly:
        said.append(
            "Reproduced in at least nine of ten seeds under some recipe and not under every one: "
            + "; ".join(f"{v.claim.id} ({_recipes_that_hold(v)})" for v in partly) + "."
        )  # fmt: skip
    if not_:
        said.append(
            "Not reproduced in nine of ten seeds under any recipe: "
            + "; ".join(f"{v.claim.id} ({v.held} of {v.asked})" for v in not_) + "."
        )  # fmt: skip
    return tuple(said)


def _always(verdicts: Sequence[Verdict]) -> str:
    told = [f"{v.claim.says.lower()} ({v.held} of {v.asked})" for v in verdicts if v.claim.kind == ALWAYS]
    return "; ".join(told) + "."


def _recipes_that_hold(verdict: Verdict) -> str:
    return ", ".join(
        f"{t.recipe.experiment} {t.recipe.words}: {share(t)}"
        for t in verdict.tallies
        if t.asked() and t.mostly
    )


def _ids(verdicts: Sequence[Verdict]) -> str:
    return ", ".join(verdict.claim.id for verdict in verdicts)
