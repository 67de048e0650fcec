"""The interactive page: the same sections as `reproduction.md`, with figures that answer to the pointer."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from service.report.bundle import FILE_NAME
from service.report.computed import Entry, entry
from service.report.csp import STUDY_SCRIPT, embedded_policy
from service.report.rendering import STYLE, template
from service.report.studies.blocks import blocks
from service.report.studies.section import FigureBlock, Section, TableBlock
from service.reproduction.markdown import GROUPS
from service.reproduction.page_figures import figures_of, held_figure
from service.reproduction.recipes import EXPERIMENTS, STEPS
from service.reproduction.run import ESTIMATORS, Run
from service.reproduction.saying import fault, numbers, share, summary
from service.reproduction.tallies import Verdict


def html_page(
    runs: Sequence[Run], verdicts: Sequence[Verdict], experiment: str, versions: Mapping[str, str]
) -> str:
    """The page as HTML; it needs plotly's script beside it."""
    return template("reproduction.html.j2").render(
        title="The paper's experiments, run again",
        plotly_src=FILE_NAME,
        policy=embedded_policy(),
        style=STYLE,
        script=Markup(STUDY_SCRIPT),  # noqa: S704 - our own constant
        studies=blocks(sections(runs, verdicts)),
        record=_record(runs, experiment, versions),
    )


def sections(runs: Sequence[Run], verdicts: Sequence[Verdict]) -> list[Section]:
    overview = Section(
        "In how many of the seeds each claim held",
        summary(verdicts),
        (
            TableBlock(
                "Every claim",
                ("", "claim", "held", "networks asked", "where it fails"),
                tuple(
                    (
                        v.claim.id,
                        v.claim.says,
                        f"{v.held}",
                        f"{v.asked}",
                        "" if v.fault == "none" else v.fault,
                    )
                    for v in verdicts
                ),
            ),
        ),
        (held_figure(verdicts),),
    )
    return [overview, *(_group(key, title, runs, verdicts) for key, title in GROUPS.items()
                        if any(v.claim.id[0] == key for v in verdicts))]  # fmt: skip


def _group(key: str, title: str, runs: Sequence[Run], verdicts: Sequence[Verdict]) -> Section:
    own = [v for v in verdicts if v.claim.id[0] == key]
    figures: tuple[FigureBlock, ...] = figures_of(key, runs)
    return Section(
        title,
        tuple(f"{v.claim.id}. {v.claim.says}. {fault(v, verdicts)}" for v in own),
        tuple(
            TableBlock(
                f"{v.claim.id}: {v.claim.asked}",
                ("recipe", f"held, {ESTIMATORS[0]}", f"held, {ESTIMATORS[1]}", "means over seeds"),
                tuple(
                    (
                        f"{EXPERIMENTS[t.recipe.experiment]}; {t.recipe.words}",
                        share(t),
                        f"{t.held(1)} of {t.asked(1)}" if t.asked(1) else "nothing to ask",
                        numbers(t),
                    )
                    for t in v.tallies
                ),
            )
            for v in own
        ),
        figures,
    )


def _record(runs: Sequence[Run], experiment: str, versions: Mapping[str, str]) -> tuple[Entry, ...]:
    values: dict[str, Any] = {
        "experiments": experiment,
        "seeds": sorted({run.seed for run in runs}),
        "networks": len(runs),
        "steps": STEPS,
        "estimators": list(ESTIMATORS),
        "versions": dict(versions),
    }
    return tuple(entry(name, name, value) for name, value in values.items())
