"""Every path of a small network, listed one by one: what clever code is compared with."""

from collections.abc import Iterator
from fractions import Fraction

from estimator.network import FlowNetwork, neuron_id


def every_path(
    network: FlowNetwork, source: str, target: str
) -> Iterator[tuple[tuple[tuple[int, int], ...], tuple[float, ...], Fraction]]:
    """(layer, index) of the neurons, nif of the hops, and the exact product, in no order."""
    start, end = (tuple(int(part) for part in neuron.split(":")) for neuron in (source, target))
    assert neuron_id(*start) == source
    stack = [(((start[0], start[1]),), (), Fraction(1))]
    while stack:
        neurons, hops, product = stack.pop()
        layer, index = neurons[-1]
        if (layer, index) == end:
            yield neurons, hops, product
            continue
        for edges, nif in zip(network.edges, network.nif, strict=True):
            if edges.source != layer:
                continue
            for consumer, flow in enumerate(nif[index].tolist()):
                if flow > 0:
                    onwards = (*neurons, (edges.consumer, consumer))
                    stack.append((onwards, (*hops, flow), product * Fraction(flow)))
