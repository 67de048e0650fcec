"""What colours, sizes and widths in the network figure stand for."""

import math
from collections import Counter
from dataclasses import dataclass

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.report.palette import COMMUNITIES, FURTHER, NO_FLOW, Mark, mark
from service.report.text import count, number

WIDTH_STEPS = 10
THINNEST, THICKEST = 0.7, 9.0
FEW_EDGES = 60


@dataclass(frozen=True)
class LegendEntry:
    mark: Mark
    text: str


@dataclass(frozen=True)
class Legend:
    """silent: how many neurons are hollow. widths: sample lines, (pixels, nif)."""

    communities: tuple[LegendEntry, ...]
    silent: int
    widths: tuple[tuple[float, str], ...]
    largest_betweenness: str | None


def legend(network: FlowNetwork, facts: GraphFacts, largest_nif: float, thickest: float) -> Legend:
    entries = _communities(facts)
    without = _without_flow(network, facts)
    if without:
        entries = (*entries, LegendEntry(NO_FLOW, f"no flow edge, {count(without, 'neuron')}"))
    most_between = max((float(b.max(initial=0)) for b in facts.betweenness), default=0.0)
    return Legend(
        communities=entries,
        silent=sum(state is not None for layer in network.silent for state in layer),
        widths=_width_samples(largest_nif, thickest),
        largest_betweenness=number(most_between) if most_between > 0 else None,
    )


def width_step(nif: float, largest: float) -> int:
    """1 to WIDTH_STEPS: plotly draws lines in groups of one width."""
    return min(WIDTH_STEPS, 1 + int(WIDTH_STEPS * nif / largest)) if largest > 0 else 1


def thickest_line(edges: int) -> float:
    """Pixels of the strongest edge: finer lines where there are many, or they cover each other."""
    return max(2.0, THICKEST * min(1.0, math.sqrt(FEW_EDGES / max(1, edges))))


def width(step: int, thickest: float) -> float:
    """Pixels."""
    return round(THINNEST + (thickest - THINNEST) * (step - 1) / (WIDTH_STEPS - 1), 2)


def _width_samples(largest: float, thickest: float) -> tuple[tuple[float, str], ...]:
    shares = (0.1, 0.5, 1.0) if largest > 0 else ()
    return tuple((width(width_step(s * largest, largest), thickest), number(s * largest, 2)) for s in shares)


def _communities(facts: GraphFacts) -> tuple[LegendEntry, ...]:
    sizes = Counter(int(c) for layer in facts.community for c in layer if c >= 0)
    entries = [
        LegendEntry(mark(c), f"community {c}, {count(sizes[c], 'neuron')}")
        for c in sorted(sizes)
        if c < len(COMMUNITIES)
    ]
    further = [c for c in sizes if c >= len(COMMUNITIES)]
    if further:
        neurons = count(sum(sizes[c] for c in further), "neuron")
        entries.append(LegendEntry(FURTHER, f"{len(further):,} smaller communities, {neurons}"))
    return tuple(entries)


def _without_flow(network: FlowNetwork, facts: GraphFacts) -> int:
    """Neurons with a significant edge but no flow edge: all they say is said by their neighbours."""
    return sum(
        int(c) < 0 and state is None
        for layer, states in zip(facts.community, network.silent, strict=True)
        for c, state in zip(layer, states, strict=True)
    )
