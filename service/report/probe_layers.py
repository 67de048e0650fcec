"""What each layer hears about a probe: a data column that is no input of the model."""

from dataclasses import dataclass

import numpy as np

from estimator.graph.probe_course import Course, Step, course
from estimator.network import FlowNetwork, Probe, ProbeLayer
from service.report.names import NeuronNames
from service.report.text import at_least, count, interval, number, percent, shown

LARGEST_MARKS = 400
LARGEST_LEVELS = 12


@dataclass(frozen=True)
class ProbeLine:
    """marks: the mi of each neuron as a percentage of the largest of the probe, for the strip.

    change: against the layers before it. given: the neuron that tells most when the target is known.
    """

    layer: str
    change: str
    informed: str
    neuron: str
    mi: str
    interval: str
    q: str
    marks: tuple[tuple[float, bool], ...]
    given: str


@dataclass(frozen=True)
class ProbeTable:
    """given: the target that is known in the last column, None where that was not measured."""

    name: str
    kind: str
    levels: str
    largest: str
    lines: tuple[ProbeLine, ...]
    given: str | None
    left_out: str


def probe_layers(network: FlowNetwork, names: NeuronNames) -> tuple[ProbeTable, ...]:
    return tuple(_table(network, probe, names) for probe in network.probes)


def _table(network: FlowNetwork, probe: Probe, names: NeuronNames) -> ProbeTable:
    found = course(network, probe, most=1)
    steps = {step.layer: step for step in found.steps}
    largest = max((float(v.mi.max(initial=0)) for v in probe.values), default=0.0)
    return ProbeTable(
        name=shown(probe.name) if probe.name.strip() else "(no name)",
        kind=probe.kind,
        levels=_levels(probe),
        largest=number(largest),
        lines=tuple(_line(network, v, steps[v.layer], largest, names) for v in probe.values if v.mi.size),
        given=None if found.target is None else shown(found.target),
        left_out=_left_out(found),
    )


def _levels(probe: Probe) -> str:
    told = [f"{shown(level)} ({count(rows, 'row')})" for level, rows in probe.levels[:LARGEST_LEVELS]]
    more = len(probe.levels) - len(told)
    return ", ".join([*told, *([f"and {more:,} more"] if more else [])])


def _left_out(found: Course) -> str:
    """The strata that were too small to be measured, in a sentence; empty where there are none."""
    small = [stratum for stratum in found.strata if not stratum.measured]
    if not small:
        return ""
    told = ", ".join(f"{shown(s.level)} ({count(s.rows, 'row')})" for s in small[:LARGEST_LEVELS])
    return f"Too small to be measured, with {percent(found.share_left_out)} of the rows: {told}."


def _given(step: Step, names: NeuronNames) -> str:
    if step.given_target is None:
        return "not measured"
    if not step.given_target.hearers:
        return "no neuron"
    hearer = step.given_target.hearers[0]
    mi = at_least(hearer.mi or 0.0, hearer.saturated, hearer.lower_bound)
    return f"{names.of_id(hearer.id)}: {mi} ({step.given_target.neurons:,} of {step.size:,})"


def _line(network: FlowNetwork, v: ProbeLayer, step: Step, largest: float, names: NeuronNames) -> ProbeLine:
    heard = v.q_value <= network.alpha
    i = int(np.argmax(v.mi))
    loudest = np.argsort(-v.mi, kind="stable")[:LARGEST_MARKS]
    return ProbeLine(
        layer=names.layer(v.layer),
        change=step.change,
        informed=f"{int(heard.sum()):,} of {v.mi.size:,}",
        neuron=names.of(v.layer, i),
        mi=at_least(float(v.mi[i]), bool(v.saturated[i]), bool(v.lower_bound[i])),
        interval=interval(float(v.ci_low[i]), float(v.ci_high[i])),
        q=number(float(v.q_value[i]), threshold=network.alpha),
        marks=tuple(
            (round(100 * float(v.mi[at]) / largest, 2) if largest > 0 else 0.0, bool(heard[at]))
            for at in loudest
        ),
        given=_given(step, names),
    )
