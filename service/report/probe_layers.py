"""What each layer hears about a probe: a data column that is no input of the model."""

from dataclasses import dataclass

import numpy as np

from estimator.network import FlowNetwork, Probe, ProbeLayer
from service.report.names import NeuronNames
from service.report.text import at_least, count, interval, number, shown

LARGEST_MARKS = 400
LARGEST_LEVELS = 12


@dataclass(frozen=True)
class ProbeLine:
    """marks: the mi of each neuron as a percentage of the largest of the probe, for the strip."""

    layer: str
    informed: str
    neuron: str
    mi: str
    interval: str
    q: str
    marks: tuple[tuple[float, bool], ...]


@dataclass(frozen=True)
class ProbeTable:
    name: str
    kind: str
    levels: str
    largest: str
    lines: tuple[ProbeLine, ...]


def probe_layers(network: FlowNetwork, names: NeuronNames) -> tuple[ProbeTable, ...]:
    return tuple(_table(network, probe, names) for probe in network.probes)


def _table(network: FlowNetwork, probe: Probe, names: NeuronNames) -> ProbeTable:
    largest = max((float(v.mi.max(initial=0)) for v in probe.values), default=0.0)
    return ProbeTable(
        name=shown(probe.name) if probe.name.strip() else "(no name)",
        kind=probe.kind,
        levels=_levels(probe),
        largest=number(largest),
        lines=tuple(_line(network, v, largest, names) for v in probe.values if v.mi.size),
    )


def _levels(probe: Probe) -> str:
    told = [f"{shown(level)} ({count(rows, 'row')})" for level, rows in probe.levels[:LARGEST_LEVELS]]
    more = len(probe.levels) - len(told)
    return ", ".join([*told, *([f"and {more:,} more"] if more else [])])


def _line(network: FlowNetwork, v: ProbeLayer, largest: float, names: NeuronNames) -> ProbeLine:
    heard = v.q_value <= network.alpha
    i = int(np.argmax(v.mi))
    loudest = np.argsort(-v.mi, kind="stable")[:LARGEST_MARKS]
    return ProbeLine(
        layer=names.layer(v.layer),
        informed=f"{int(heard.sum()):,} of {v.mi.size:,}",
        neuron=names.of(v.layer, i),
        mi=at_least(float(v.mi[i]), bool(v.saturated[i]), bool(v.lower_bound[i])),
        interval=interval(float(v.ci_low[i]), float(v.ci_high[i])),
        q=number(float(v.q_value[i]), threshold=network.alpha),
        marks=tuple(
            (round(100 * float(v.mi[at]) / largest, 2) if largest > 0 else 0.0, bool(heard[at]))
            for at in loudest
        ),
    )
