"""Decision paths: the k directed paths of largest product of nif (DESIGN 1.5).

Shortest-path engines need costs `M * (level(v) - level(u)) - ln nif`. Here layers come in topological order,
so the products themselves are compared, and exactly: equal products are ties and rounding orders nothing.
Of equal products the path whose sequence of (layer, index) is smaller comes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.graph.flow import flow_edges, neuron_at
from estimator.graph.path_search import PathSearch
from estimator.network import FlowNetwork, neuron_id
from estimator.options import refuse

MOST_PATHS = 1000


@dataclass(frozen=True)
class Path:
    """neurons: ids from source to target. nif: of each hop. product: of all hops, rounded once."""

    neurons: tuple[str, ...]
    nif: tuple[float, ...]
    product: float


def strongest_paths(network: FlowNetwork, source: str, target: str, k: int) -> list[Path]:
    """The k strongest paths from an input neuron to a deeper one, best first; fewer if there are fewer.

    Raises InvalidParameter for a neuron that is not there, a source that is no input, a target that is not
    deeper than the source, k outside 1 to MOST_PATHS; LimitExceeded if a product exceeds the largest double.
    """
    first, last = neuron_at(network, source, "source"), neuron_at(network, target, "target")
    if network.layers[first[0]].kind != "input":
        raise refuse("source", source, "a neuron of an input layer")
    if network.layers[last[0]].level <= network.layers[first[0]].level:
        raise refuse("target", target, f"in a deeper layer than the source {source}")
    ends = np.zeros(network.neurons_total, dtype=np.bool_)
    ends[network.offsets[last[0]] + last[1]] = True
    start = network.offsets[first[0]] + first[1]
    return _search(network, [start], ends, k)


def strongest_overall(network: FlowNetwork, k: int) -> list[Path]:
    """The k strongest paths from any input neuron to any output neuron, best first. Raises as above."""
    ends = np.zeros(network.neurons_total, dtype=np.bool_)
    starts: list[int] = []
    for layer, offset in zip(network.layers, network.offsets, strict=True):
        if layer.kind == "input":
            starts.extend(range(offset, offset + layer.size))
        ends[offset : offset + layer.size] = layer.kind == "output"
    return _search(network, starts, ends, k)


def _search(network: FlowNetwork, starts: Sequence[int], ends: NDArray[np.bool_], k: int) -> list[Path]:
    if not 1 <= k <= MOST_PATHS:
        raise refuse("k", k, f"between 1 and {MOST_PATHS}")
    ids = [neuron_id(layer.index, i) for layer in network.layers for i in range(layer.size)]
    search = PathSearch(flow_edges(network), ends, hops=len(network.layers))
    return [
        Path(tuple(ids[n] for n in path.neurons), path.nif, path.product.rounded())
        for path in search.best(starts, k)
    ]
