"""`reproduction.md`: for every claim, in how many of the seeds it held, and what is at fault where not."""

from collections.abc import Iterator, Mapping, Sequence, Set

from service.reproduction.claims import Claim
from service.reproduction.recipes import BY_ID, EXPERIMENTS, STEPS, recipes_of
from service.reproduction.run import ESTIMATORS, Run
from service.reproduction.saying import fault, numbers, share, summary
from service.reproduction.tallies import Verdict

GROUPS = {
    "1": "Silent neurons, and those that carry the prediction",
    "2": "Banknote: a feature and its neuron",
    "3": "Banknote, two hidden layers: paths that are shut off",
    "4": "Ablation",
    "5": "Attribution",
}
FIGURE_OF = {"1": "iris", "2": "banknote", "3": "banknote-deep"}
FIGURES = {
    "1": ("figure-1-iris", "Iris, first seed. Columns are layers, colour and shape the community, size the "
          "betweenness, line width the nif; hollow neurons are silent"),
    "2": ("figure-3-banknote", "Banknote, first seed: network, and activations of its hidden neurons"),
    "3": ("figure-4-banknote-deep", "Banknote with two hidden layers, first seed, by recipe"),
    "5": ("figure-5-attributions", "Of up to four recipes: above, shares of each feature by method, first "
          "seed; below, the Kolmogorov-Smirnov statistic to the MI with the classes, a point a seed, a line "
          "their mean"),
}  # fmt: skip


def reproduction_page(
    runs: Sequence[Run], verdicts: Sequence[Verdict], experiment: str, versions: Mapping[str, str]
) -> str:
    """The page. experiment: as asked on the command line. It links figures/NAME.svg beside it."""
    seeds = sorted({run.seed for run in runs})
    lines = [
        "# The paper's experiments, run again",
        "",
        f"Written by `nif reproduce {experiment} --seeds {len(seeds)}`; every number is measured by it. "
        "The paper is *NIF: A Framework for Quantifying Neural Information Flow in Deep Networks* "
        "([arXiv 1901.08557](https://arxiv.org/abs/1901.08557)); its claims are taken as its readers report "
        "them, and it does not tell all of its training, so that each experiment is run by several recipes.",
        "",
        *(line for said in summary(verdicts) for line in (f"- {said}",)),
        "",
        *_claims_table(verdicts),
        *_groups(verdicts, {BY_ID[run.recipe].experiment for run in runs}),
        *_made(runs, experiment, seeds, versions),
    ]
    return "\n".join(lines) + "\n"


def _claims_table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "## Every claim"
    yield ""
    yield from _row("", "claim", "held", "networks asked", "where it fails")
    yield from _row("---", "---", "---", "---", "---")
    words = {"none": "", "here": "a fault of this program"}
    for v in verdicts:
        yield from _row(v.claim.id, v.claim.says, v.held, v.asked, words.get(v.fault, f"the {v.fault}"))
    yield ""


def _groups(verdicts: Sequence[Verdict], experiments: Set[str]) -> Iterator[str]:
    for key, title in GROUPS.items():
        own = [v for v in verdicts if v.claim.id[0] == key]
        if not own:
            continue
        yield f"## {title}"
        yield ""
        if key in FIGURES and FIGURE_OF.get(key, "") in {"", *experiments}:
            name, caption = FIGURES[key]
            yield f"![{caption}](figures/{name}.svg)"
            yield ""
            yield f"*{caption}.*"
            yield ""
        for v in own:
            yield from _claim(v, verdicts)


def _claim(verdict: Verdict, everything: Sequence[Verdict]) -> Iterator[str]:
    yield f"### {_title(verdict.claim)}"
    yield ""
    yield f"Asked: {verdict.claim.asked}. {fault(verdict, everything)}"
    yield ""
    yield from _row("recipe", f"held, {ESTIMATORS[0]}", f"held, {ESTIMATORS[1]}", "means over seeds")
    yield from _row("---", "---", "---", "---")
    for tally in verdict.tallies:
        other = f"{tally.held(1)} of {tally.asked(1)}" if tally.asked(1) else "nothing to ask"
        recipe = f"{EXPERIMENTS[tally.recipe.experiment]}; {tally.recipe.words}"
        yield from _row(recipe, share(tally), other, numbers(tally))
    yield ""


def _title(claim: Claim) -> str:
    return f"{claim.id}. {claim.says}"


def _made(
    runs: Sequence[Run], experiment: str, seeds: Sequence[int], versions: Mapping[str, str]
) -> Iterator[str]:
    yield "## How it was made"
    yield ""
    yield from _row("recipe", "hidden neurons", "features", "Adam", "accuracy, mean", "least to most")
    yield from _row("---", "---", "---", "---", "---", "---")
    for recipe in recipes_of(experiment):
        found = [run.before.value for run in runs if run.recipe == recipe.id]
        if not found:
            continue
        yield from _row(
            recipe.id, " and ".join(map(str, recipe.hidden)),
            "standardised" if recipe.standardised else "raw", f"{recipe.rate:g}",
            f"{sum(found) / len(found):.3f}", f"{min(found):.3f} to {max(found):.3f}",
        )  # fmt: skip
    yield ""
    yield (
        f"Seeds {seeds[0]} to {seeds[-1]}, each an initialisation; {STEPS} steps on all rows at once; "
        "torch, one thread; exported to ONNX with a softmax. Accuracy is on the rows trained on. The scaling "
        "is folded into the first layer's weights afterwards, so that all models take the same table."
    )
    yield ""
    yield (
        f"Each network is analysed by `{ESTIMATORS[0]}` and, as a check, by `{ESTIMATORS[1]}`; beta 0.5 "
        "and q at most 0.05. Claims are judged by both: where both refuse one, the estimate is not at fault. "
        "A neuron is cut by setting its activation to 0, which is the same as zeroing the weights that lead "
        "out of it; intervals are 95 %, by 1000 paired bootstrap draws of the rows. `random neurons` is the "
        "mean difference of cutting as many neurons of the same layers, drawn at random. SHAP and Integrated "
        "Gradients (the libraries shap and captum) explain 50 rows. Shares are of each output's sum."
    )
    yield ""
    yield (
        "The folder that the command writes holds all of it: `tables/` (CSV: a row a claim, judgement, cut, "
        "edge, neuron, attribution), `models/` with the tables they were trained on, for "
        "`nif analyze models/iris-raw-0.onnx models/iris.csv --target species`, `figures/`, and "
        "`reproduction.html`, where the figures answer to the pointer."
    )
    yield ""
    yield "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "."


def _row(*cells: object) -> Iterator[str]:
    yield "| " + " | ".join(str(cell) for cell in cells) + " |"
