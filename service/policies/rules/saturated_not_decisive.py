"""saturated-not-decisive: no saturated edge decides anything.

What decides: the edges and neurons that the policy's other rules name, and the edges of the `paths` strongest
decision paths. Fail where one of them is saturated (its estimate is near the ceiling of these rows), cannot
tell where every edge of the network is: then nothing else could have decided.
"""

from dataclasses import dataclass
from typing import ClassVar

from estimator.graph.paths import strongest_overall
from service.policies.evidence import Evidence
from service.policies.fields import Count
from service.policies.finding import MOST_NAMED, Edge, Finding, Neuron, Unknown, edges_of_path
from service.policies.rules.rule import Rule
from service.report.text import count


@dataclass(frozen=True, kw_only=True)
class SaturatedNotDecisive(Rule):
    """paths: how many of the strongest paths from any input to any output count as decisive."""

    paths: int = 10

    kind: ClassVar = "saturated-not-decisive"
    summary: ClassVar = "No saturated edge decides another rule or lies on the strongest paths"
    options: ClassVar = {
        "paths": Count(0, 1000, metadata={"description": "Strongest paths that count; default 10"}),
    }

    def judge(self, evidence: Evidence) -> Finding:
        network = evidence.network
        if network.edges_measured == 0:
            raise Unknown("the network has no edges")
        if all(e.saturated.all() for e in network.edges):
            raise Unknown(
                f"all {count(network.edges_measured, 'edge')} are saturated: nothing else could decide"
            )
        paths = strongest_overall(network, self.paths) if self.paths else []
        edges: dict[tuple[str, str], Edge] = {}
        for hop in [hop for path in paths for hop in edges_of_path(network, path.neurons)]:
            edges[hop.source, hop.consumer] = hop
        neurons: dict[str, Neuron] = {}
        for finding in evidence.decided:
            edges |= {(e.source, e.consumer): e for e in finding.edges}
            neurons |= {n.id: n for n in finding.neurons if n.mi is not None}
        if not edges and not neurons:
            raise Unknown("no path leads from an input to an output, and no other rule rests on an edge")
        at_ceiling = [e for e in edges.values() if e.saturated]
        loud = [n for n in neurons.values() if n.saturated]
        decisive = f"{count(len(edges), 'edge')} and {count(len(neurons), 'neuron')} that decide"
        found = len(at_ceiling) + len(loud)
        return Finding(
            verdict="fail" if found else "pass",
            reason=f"{found:,} of {decisive} {'is' if found == 1 else 'are'} saturated"
            if found
            else f"none of {decisive} is saturated",
            measured=float(found),
            limit=0.0,
            unit="edges and neurons",
            neurons=tuple(loud[:MOST_NAMED]),
            edges=tuple(at_ceiling[:MOST_NAMED]),
            more=max(0, len(at_ceiling) - MOST_NAMED) + max(0, len(loud) - MOST_NAMED),
        )
