"""What a rule says, and the neurons and edges that decide it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from estimator.network import Edges, FlowNetwork, ProbeLayer, neuron_id

Verdict = Literal["pass", "fail", "cannot tell"]
MOST_NAMED = 20


@dataclass(frozen=True)
class Neuron:
    """A neuron with its information about a probe, in nats; None where the rule is about no probe."""

    id: str
    name: str
    layer: str
    mi: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    q_value: float | None = None
    saturated: bool = False
    lower_bound: bool = False
    silent: str | None = None


@dataclass(frozen=True)
class Edge:
    """An edge, in nats. baseline_mi: the same edge in the baseline, where there is one."""

    source: str
    source_name: str
    consumer: str
    consumer_name: str
    mi: float | None
    nif: float | None
    ci_low: float | None
    ci_high: float | None
    q_value: float | None
    saturated: bool
    lower_bound: bool
    baseline_mi: float | None = None


@dataclass(frozen=True)
class Finding:
    """verdict of the rule as measured, before the policy says what `cannot tell` counts as.

    measured, limit: the number that was held against the rule's, both in `unit`. low, high: its interval.
    neurons, edges: those that decide, the most decisive first, MOST_NAMED at most; `more` says how many
    others there are.
    """

    verdict: Verdict
    reason: str
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    unit: str | None = None
    neurons: tuple[Neuron, ...] = ()
    edges: tuple[Edge, ...] = ()
    more: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; None for what is no number."""
        plain: dict[str, Any] = {
            name: number(getattr(self, name)) for name in ("measured", "low", "high", "limit")
        }
        return {
            "reason": self.reason,
            **plain,
            "unit": self.unit,
            "neurons": [asdict(neuron) for neuron in self.neurons],
            "edges": [asdict(edge) for edge in self.edges],
            "more": self.more,
        }


class Unknown(Exception):
    """Raised by a rule that cannot be judged at all: it becomes `cannot tell`."""

    def __init__(self, reason: str, *, neurons: Sequence[Neuron] = (), edges: Sequence[Edge] = ()) -> None:
        super().__init__(reason)
        self.reason, self.neurons, self.edges = reason, tuple(neurons), tuple(edges)


def number(value: float | None) -> float | None:
    """A float of JSON: None for NaN and infinity."""
    return None if value is None or not math.isfinite(value) else float(value)


def neuron(network: FlowNetwork, layer: int, index: int, values: ProbeLayer | None = None) -> Neuron:
    """The neuron, with what it says of a probe if `values` are given."""
    found = network.layers[layer]
    measured = (
        {}
        if values is None
        else {
            name: number(float(getattr(values, name)[index]))
            for name in ("mi", "se", "ci_low", "ci_high", "q_value")
        }
        | {name: bool(getattr(values, name)[index]) for name in ("saturated", "lower_bound")}
    )
    return Neuron(
        id=neuron_id(layer, index),
        name=found.neurons[index],
        layer=found.name,
        silent=network.silent[layer][index],
        **measured,  # type: ignore[arg-type]
    )


def edge(
    network: FlowNetwork, edges: Edges, source: int, consumer: int, baseline_mi: float | None = None
) -> Edge:
    """The edge [source, consumer] of a pair of layers."""
    at = (source, consumer)
    mi, redundancy = float(edges.mi[at]), float(network.redundancy[edges.source][source])
    flows = bool(edges.q_value[at] <= network.alpha)
    return Edge(
        source=neuron_id(edges.source, source),
        source_name=network.layers[edges.source].neurons[source],
        consumer=neuron_id(edges.consumer, consumer),
        consumer_name=network.layers[edges.consumer].neurons[consumer],
        mi=number(mi),
        nif=number(max(0.0, mi - network.beta * redundancy) if flows else 0.0),
        ci_low=number(float(edges.ci_low[at])),
        ci_high=number(float(edges.ci_high[at])),
        q_value=number(float(edges.q_value[at])),
        saturated=bool(edges.saturated[at]),
        lower_bound=bool(edges.lower_bound[at]),
        baseline_mi=baseline_mi,
    )


def edges_of_path(network: FlowNetwork, ids: Sequence[str]) -> tuple[Edge, ...]:
    """The edges along a path of neuron ids."""
    by_layers = {(e.source, e.consumer): e for e in network.edges}
    hops = []
    for start, end in pairwise(ids):
        (a, i), (b, k) = (tuple(int(part) for part in id.split(":")) for id in (start, end))
        hops.append(edge(network, by_layers[a, b], i, k))
    return tuple(hops)


def unresolved(values: Edges | ProbeLayer) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a value is to be read as "at least": saturated, or a lower bound."""
    return values.saturated | values.lower_bound
