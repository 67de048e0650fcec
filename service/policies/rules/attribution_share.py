"""attribution-share: a feature accounts for at most such a share of what an output is attributed to.

share(i, j) = A(i, j) / sum of A(k, j) over all features k, at the network's beta (DESIGN 1.4). Its interval
holds the middle 95 % of DRAWS networks in which each flow edge is drawn from its estimate's normal law,
seeded as the analysis was: errors of different edges are taken as independent. The interval is widened to
where the share comes to lie with all edges that are saturated or lower bounds at their ceilings.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from estimator.graph.attribution import attributions
from estimator.graph.paths import strongest_paths
from estimator.network import FlowNetwork, neuron_id
from service.policies.bounds import UNBOUNDED, between, highest, upper_end
from service.policies.evidence import Evidence
from service.policies.fields import Amount, Text
from service.policies.finding import Edge, Finding, Unknown, Verdict, edges_of_path, neuron, unresolved
from service.policies.rules.rule import Rule
from service.report.text import percent, shown

DRAWS = 200


@dataclass(frozen=True, kw_only=True)
class AttributionShare(Rule):
    """feature: by name or id. output: one, or None for every output. max: share from 0 to 1."""

    feature: str
    max: float
    output: str | None = None
    beta: float | None = None

    kind: ClassVar = "attribution-share"
    summary: ClassVar = "A feature accounts for at most a share `max` of an output's attribution"
    options: ClassVar = {
        "feature": Text(required=True, metadata={"description": "A feature, by name or id"}),
        "output": Text(metadata={"description": "An output, by name or id; default: every output"}),
        "max": Amount(0, 1, required=True, metadata={"description": "A share: 20 % is 0.2"}),
        "beta": Amount(0, 1e6, metadata={"description": "Read the network with this beta"}),
    }

    def judge(self, evidence: Evidence) -> Finding:
        network = evidence.network if self.beta is None else evidence.network.at_beta(self.beta)
        source = evidence.neuron(self.feature, "input")
        outputs = [neuron_id(*evidence.neuron(self.output, "output"))] if self.output is not None else None
        shares, names = _shares(network, neuron_id(*source), outputs)
        if np.isnan(shares).all():
            raise Unknown("no flow reaches the output: there is nothing to take a share of")
        seed = int(network.provenance.get("seed", 0))
        drawn = np.array([_shares(n, neuron_id(*source), outputs)[0] for n in between(network, DRAWS, seed)])
        reached = ~np.isnan(shares)
        drawn = np.nan_to_num(drawn[:, reached])
        ends = [shares[reached], *np.quantile(drawn, [0.025, 0.975], axis=0)]
        if any(unresolved(e).any() for e in network.edges):
            ends.append(
                np.nan_to_num(_shares(_at_ceilings(network), neuron_id(*source), outputs)[0][reached])
            )
        low, high = np.min(ends, axis=0), np.max(ends, axis=0)
        first = int(np.argmax(low if (low > self.max).any() else high))
        verdict: Verdict = (
            "fail" if (low > self.max).any() else "pass" if (high <= self.max).all() else "cannot tell"
        )
        output = [name for name, seen in zip(names, reached, strict=True) if seen][first]
        edges = _strongest(network, neuron_id(*source), output)
        share = float(shares[reached][first])
        layer, index = (int(part) for part in output.split(":"))
        return Finding(
            verdict=verdict,
            reason=(
                f"{shown(self.feature)} accounts for {percent(share)} of "
                f"{shown(network.layers[layer].neurons[index])} ({percent(float(low[first]))} to "
                f"{percent(float(high[first]))}), the limit is {percent(self.max)}"
                + ("" if verdict != "cannot tell" else ": the interval straddles the limit")
            ),
            measured=share,
            low=float(low[first]),
            high=float(high[first]),
            limit=self.max,
            unit="share",
            neurons=(neuron(network, layer, index),),
            edges=edges,
        )


def _shares(
    network: FlowNetwork, source: str, outputs: list[str] | None
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The feature's share of each output (NaN where no flow arrives), and the outputs' ids."""
    found = attributions(network)
    chosen = [i for i, output in enumerate(found.outputs) if outputs is None or output in outputs]
    if not chosen:
        raise Unknown("an attribution is of an output of the model; the neuron named is none")
    values = found.values[:, chosen]
    total = values.sum(axis=0)
    own = values[found.inputs.index(source)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, own / total, np.nan), tuple(found.outputs[i] for i in chosen)


def _at_ceilings(network: FlowNetwork) -> FlowNetwork:
    """The network with what is not resolved at its ceiling. Raises Unknown where that is not known."""
    tops = [np.where(unresolved(e), upper_end(e), e.mi) for e in network.edges]
    if any((top >= UNBOUNDED).any() for top in tops):
        raise Unknown(
            "some edges are saturated or lower bounds, and this network does not say at which ceiling (a "
            "network.json does not): judge MODEL and DATA, or a stored analysis"
        )
    return replace(network, edges=tuple(replace(e, mi=t) for e, t in zip(network.edges, tops, strict=True)))


def _strongest(network: FlowNetwork, source: str, output: str) -> tuple[Edge, ...]:
    for read in (network, highest(network)):
        if paths := strongest_paths(read, source, output, 1):
            return edges_of_path(network, paths[0].neurons)
    return ()
