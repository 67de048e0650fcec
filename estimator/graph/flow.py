"""The flow edges of a network in one list, and neurons by their id."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.errors import InvalidParameter
from estimator.network import FlowNetwork
from estimator.options import refuse

BLOCK_EDGES = 200_000
_NEURON_ID = re.compile(r"(0|[1-9][0-9]{0,8}):(0|[1-9][0-9]{0,8})", re.ASCII)


@dataclass(frozen=True)
class FlowEdges:
    """All edges with nif above 0, in order of (source, consumer).

    source, consumer: (m,) neurons numbered through, layer by layer (`FlowNetwork.offsets`). nif: (m,).
    """

    source: NDArray[np.int64]
    consumer: NDArray[np.int64]
    nif: NDArray[np.float64]


@dataclass(frozen=True)
class FlowBlocks:
    """The flow edges of a network block by block, so that memory does not grow with the network.

    Each pass gives every edge once, in blocks of some 200,000 measured ones.
    """

    network: FlowNetwork

    def __iter__(self) -> Iterator[FlowEdges]:
        offsets = self.network.offsets
        for edges, nif in zip(self.network.edges, self.network.nif, strict=True):
            rows = max(1, BLOCK_EDGES // nif.shape[1])
            for start in range(0, len(nif), rows):
                block = nif[start : start + rows]
                i, k = np.nonzero(block)
                if len(i):
                    source = i + (offsets[edges.source] + start)
                    yield FlowEdges(source, k + offsets[edges.consumer], block[i, k])


def flow_edges(network: FlowNetwork) -> FlowEdges:
    """The edges that information flows along, at the network's beta and alpha."""
    sources, consumers, flows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for edges, nif in zip(network.edges, network.nif, strict=True):
        i, k = np.nonzero(nif)
        sources.append(i + network.offsets[edges.source])
        consumers.append(k + network.offsets[edges.consumer])
        flows.append(nif[i, k])
    source, consumer, flow = np.concatenate(sources), np.concatenate(consumers), np.concatenate(flows)
    order = np.lexsort((consumer, source))
    return FlowEdges(source[order], consumer[order], flow[order])


def parse_neuron_id(neuron: str) -> tuple[int, int] | None:
    """(layer, index) of an id such as `0:2`, None if it is none."""
    match = _NEURON_ID.fullmatch(neuron)
    return (int(match[1]), int(match[2])) if match else None


def neuron_at(network: FlowNetwork, neuron: str, field: str) -> tuple[int, int]:
    """(layer, index) of a neuron by its id.

    Raises InvalidParameter, naming `field`, unless it is the id of a neuron of this network.
    """
    found = parse_neuron_id(neuron)
    if found is None or found[0] >= len(network.layers) or found[1] >= network.layers[found[0]].size:
        raise unknown_neuron(neuron, field)
    return found


def unknown_neuron(neuron: str, field: str) -> InvalidParameter:
    """The error for a neuron that is not there."""
    return refuse(field, neuron[:100], "the id of a neuron of this network, layer:index such as 0:2")
