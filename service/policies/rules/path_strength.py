"""path-strength: no path from a feature to an output is stronger than so much.

A path's strength is the product of nif along it (DESIGN 1.5). Pass where the strongest path is at most `max`
with every edge at the upper end of its interval, those that are not significant included; fail where it is
above `max` with the flow edges at their lower ends; else cannot tell. Redundancy is taken as measured.
"""

from dataclasses import dataclass
from typing import ClassVar

from estimator.graph.paths import Path, strongest_paths
from estimator.network import FlowNetwork, neuron_id
from service.policies.bounds import UNBOUNDED, highest, lowest
from service.policies.evidence import Evidence
from service.policies.fields import Amount, Text
from service.policies.finding import Finding, Unknown, Verdict, edges_of_path
from service.policies.rules.rule import Rule
from service.report.text import number, shown

UNIT = "product of nif"


@dataclass(frozen=True, kw_only=True)
class PathStrength(Rule):
    """source: a feature's name or id. target: an output's name, or any deeper neuron's id."""

    source: str
    target: str
    max: float
    beta: float | None = None

    kind: ClassVar = "path-strength"
    summary: ClassVar = "No path from a feature to an output is stronger than `max`"
    options: ClassVar = {
        "source": Text(required=True, metadata={"description": "A feature, by name or id"}),
        "target": Text(
            required=True, metadata={"description": "An output by name, or a deeper neuron by id"}
        ),
        "max": Amount(
            0, None, required=True, metadata={"description": "Largest product of nif along a path"}
        ),
        "beta": Amount(0, 1e6, metadata={"description": "Read the network with this beta"}),
    }

    def judge(self, evidence: Evidence) -> Finding:
        network = evidence.network if self.beta is None else evidence.network.at_beta(self.beta)
        source, target = evidence.neuron(self.source, "input"), evidence.neuron(self.target, "output")
        if network.layers[source[0]].level >= network.layers[target[0]].level:
            raise Unknown(
                f"{shown(self.target)} is not deeper than {shown(self.source)}: no path can lead there"
            )
        at_most, as_is, at_least = (
            _strongest(read, neuron_id(*source), neuron_id(*target))
            for read in (highest(network), network, lowest(network))
        )
        if target[0] not in _reached(network, source[0]):
            raise Unknown(f"no layer connects {shown(self.source)} with {shown(self.target)}")
        if at_most is None:
            reason = f"nothing can flow from {shown(self.source)} to {shown(self.target)} at this beta"
            return Finding("pass", reason, 0.0, 0.0, 0.0, self.max, UNIT)
        low = at_least.product if at_least else 0.0
        here = as_is.product if as_is else 0.0
        verdict: Verdict = (
            "pass" if at_most.product <= self.max else "fail" if low > self.max else "cannot tell"
        )
        decisive = at_least if verdict == "fail" else at_most
        edges = edges_of_path(network, decisive.neurons if decisive else ())
        open_ended = any(edge.saturated or edge.lower_bound for edge in edges) and verdict != "fail"
        unknown_end = max(at_most.nif) >= UNBOUNDED / 2
        way = f"from {shown(self.source)} to {shown(self.target)}"
        limit, is_now = f"{self.max:.12g}", number(here, threshold=self.max)
        top = "has no upper end" if unknown_end else f"may be {number(at_most.product, threshold=self.max)}"
        why = (
            "an edge of it is saturated or a lower bound"
            if open_ended
            else "the interval straddles the limit"
        )
        reason = {
            "fail": f"a path {way} is stronger than {limit}: {is_now}, at least "
            f"{number(low, threshold=self.max)}",
            "pass": f"no path {way} is stronger than {limit}: the strongest is at most "
            f"{number(at_most.product, threshold=self.max)}",
            "cannot tell": f"the strongest path {way} is {is_now} and {top}, the limit is {limit}: {why}",
        }[verdict]
        return Finding(
            verdict=verdict,
            reason=reason,
            measured=here,
            low=low,
            high=None if unknown_end else at_most.product,
            limit=self.max,
            unit=UNIT,
            edges=edges,
        )


def _reached(network: FlowNetwork, start: int) -> set[int]:
    """The layers that a layer feeds, over any number of links."""
    found = {start}
    for layer in network.layers:
        if layer.index in found:
            found |= {e.consumer for e in network.edges if e.source == layer.index}
    return found - {start}


def _strongest(network: FlowNetwork, source: str, target: str) -> Path | None:
    return next(iter(strongest_paths(network, source, target, 1)), None)
