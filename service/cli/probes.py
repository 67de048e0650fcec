"""`nif probes`: what each layer hears of the columns that the model was not given."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from estimator.graph.probe_course import Course, Heard, Hearer, Step, courses
from service.cli.analysis_options import whole
from service.cli.exits import write
from service.cli.network_input import read_network
from service.report.text import at_least, count, interval, number, percent, shown

LEVELS_SHOWN = 6


@click.command("probes")
@click.argument("network")
@click.option("--probe", metavar="NAME", help="Only this one.")
@click.option("--neurons", default="3", show_default=True, help="How many neurons to name a layer.")
@click.option(
    "--store", metavar="URI", help="Where a NETWORK given by its id is; default: as `nif settings` says."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(network: str, probe: str | None, neurons: str, store: str | None, as_json: bool) -> None:
    """Show by layer where information about the probes of NETWORK enters, grows, fades, and which neurons
    carry it; with the target known, too, where the network was analysed with a categorical one.

    NETWORK is a network.json, the folder it is in, or an analysis id.

    \b
      nif probes nif-iris
      nif probes nif-model --probe sex --neurons 10
    """
    found = courses(read_network(network, store, None), probe, max(1, whole("neurons", neurons)))
    if as_json:
        write(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
        return
    if not found:
        write("the network has no probes: analyse it with --target or --probe")
    for position, one in enumerate(found):
        if position:
            write("")
        for line in _lines(one):
            write(line)


def _lines(course: Course) -> Iterator[str]:
    levels = ", ".join(f"{shown(level, 20)} ({rows:,})" for level, rows in course.levels[:LEVELS_SHOWN])
    more = len(course.levels) - LEVELS_SHOWN
    kind = f"{course.kind}: {levels}" if levels else course.kind
    yield f"{shown(course.probe)}  {kind}{f', and {more:,} more' if more > 0 else ''}"
    if course.target is not None:
        small = [stratum for stratum in course.strata if not stratum.measured]
        measured = count(len(course.strata) - len(small), "stratum", "strata")
        left_out = ", ".join(f"{shown(s.level, 20)} ({s.rows:,})" for s in small[:LEVELS_SHOWN])
        yield f"  given {shown(course.target)}: {measured} measured" + (
            f"; too small, with {percent(course.share_left_out)} of the rows: {left_out}" if small else ""
        )
    for step in course.steps:
        yield f"  {shown(step.name, 30)} ({step.kind}): {step.change}, {_told(step)}"
        for hearer in step.heard.hearers:
            yield f"    neuron {shown(hearer.name, 40)} ({hearer.id})  {_amount(hearer)}"
        if step.given_target is not None:
            for hearer in step.given_target.hearers:
                name = f"{shown(hearer.name, 40)} ({hearer.id})"
                yield f"    given {shown(course.target or '', 20)}: neuron {name}  {_amount(hearer)}"


def _told(step: Step) -> str:
    heard = f"heard by {step.heard.neurons:,} of {count(step.size, 'neuron')}"
    if step.given_target is None:
        return heard
    return f"{heard}, by {_how_many(step.given_target)} when the target is known"


def _how_many(heard: Heard) -> str:
    return f"{heard.neurons:,}" if heard.neurons else "none"


def _amount(hearer: Hearer) -> str:
    if hearer.mi is None:
        return "not a number"
    ends = (
        ""
        if hearer.ci_low is None or hearer.ci_high is None
        else f" ({interval(hearer.ci_low, hearer.ci_high)})"
    )
    q = "" if hearer.q_value is None else f", q {number(hearer.q_value)}"
    return f"{at_least(hearer.mi, hearer.saturated, hearer.lower_bound)} nats{ends}{q}"
