"""How much each hidden neuron does, by the network: what `least-...` ranks by."""

import numpy as np

from estimator.ablation.candidates import Candidates, Neuron
from estimator.ablation.options import Choose
from estimator.errors import LimitExceeded
from estimator.graph.describe import describe
from estimator.network import Floats, FlowNetwork


def neuron_scores(network: FlowNetwork, by: Choose) -> tuple[Floats, ...]:
    """One (n,) a layer: outgoing flow in nats, betweenness (unweighted), or the attribution through it.

    Raises LimitExceeded if an attribution is larger than the largest double.
    """
    if by == "least-outgoing-flow":
        return outgoing_flow(network)
    if by == "least-betweenness":
        return describe(network).betweenness
    return through(network)


def outgoing_flow(network: FlowNetwork) -> tuple[Floats, ...]:
    """Sum of nif over all edges that start at the neuron."""
    out = tuple(np.zeros(layer.size) for layer in network.layers)
    for edges, nif in zip(network.edges, network.nif, strict=True):
        out[edges.source][:] += nif.sum(axis=1)
    return out


def through(network: FlowNetwork) -> tuple[Floats, ...]:
    """Sum over all paths from any input to any output through the neuron of the product of nif (DESIGN 1.4):
    what reaches it from the inputs times what it passes on to the outputs."""
    arrived = [np.full(layer.size, float(layer.kind == "input")) for layer in network.layers]
    passed = [np.full(layer.size, float(layer.kind == "output")) for layer in network.layers]
    links = sorted(zip(network.edges, network.nif, strict=True), key=lambda pair: pair[0].consumer)
    with np.errstate(over="ignore", invalid="ignore"):
        for edges, nif in links:  # the layers are in topological order
            arrived[edges.consumer] += arrived[edges.source] @ nif
        for edges, nif in sorted(links, key=lambda pair: -pair[0].source):
            passed[edges.source] += nif @ passed[edges.consumer]
        found = tuple(a * p for a, p in zip(arrived, passed, strict=True))
    if not all(np.isfinite(values).all() for values in found):
        raise LimitExceeded(
            "attributions are larger than 1.8e308: too many layers with nif above 1; read the network with "
            f"a beta above {network.beta}"
        )
    return found


def in_order(candidates: Candidates, scores: tuple[Floats, ...], *, most: bool) -> list[Neuron]:
    """The candidates by score; of equal ones, the earlier first."""
    sign = -1.0 if most else 1.0
    return sorted(candidates.neurons, key=lambda n: (sign * float(scores[n[0]][n[1]]), n))
