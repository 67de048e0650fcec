"""Attribution: how much flow reaches each output from each input, over all paths.

A(i, j) = sum over all directed paths from i to j of the product of nif along the path (DESIGN 1.4).
1. Take the smaller side, inputs or outputs, as columns of an identity.
2. Go through the layers in topological order (from the inputs) or against it (from the outputs); what has
   arrived at a layer is the sum over its links of a matrix product. Paths are never listed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.errors import LimitExceeded, Place
from estimator.network import FlowNetwork, neuron_id

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Attributions:
    """values[input, output], (n_in, n_out); inputs, outputs: neuron ids of the input and output layers."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Floats


def attributions(network: FlowNetwork) -> Attributions:
    """All inputs x outputs, at the network's beta.

    Raises LimitExceeded if a sum is larger than the largest double (many layers with nif above 1).
    """
    starts = [layer.index for layer in network.layers if layer.kind == "input"]
    ends = [layer.index for layer in network.layers if layer.kind == "output"]
    n_in = sum(network.layers[i].size for i in starts)
    n_out = sum(network.layers[i].size for i in ends)
    if n_in <= n_out:
        arrived = carry(network, starts, n_in, backwards=False)
        values = np.concatenate([arrived[i] for i in ends], axis=0).T if ends else np.zeros((n_in, 0))
    else:
        arrived = carry(network, ends, n_out, backwards=True)
        values = np.concatenate([arrived[i] for i in starts], axis=0)
    return Attributions(_ids(network, starts), _ids(network, ends), np.ascontiguousarray(values))


def carry(network: FlowNetwork, seeds: list[int], width: int, *, backwards: bool) -> list[Floats]:
    """What has arrived at each layer, (n, width), from the neurons of `seeds`, one column each."""
    arrived = [np.zeros((layer.size, width)) for layer in network.layers]
    column = 0
    for seed in seeds:
        size = network.layers[seed].size
        arrived[seed][:, column : column + size] = np.eye(size)
        column += size
    order = range(len(network.layers))
    for here in reversed(order) if backwards else order:
        for edges, nif in zip(network.edges, network.nif, strict=True):
            if here != (edges.source if backwards else edges.consumer):
                continue
            with np.errstate(over="ignore"):
                if backwards:
                    arrived[here] += nif @ arrived[edges.consumer]
                else:
                    arrived[here] += nif.T @ arrived[edges.source]
        if not np.isfinite(arrived[here]).all():
            raise _overflow(network, here)
    return arrived


def _ids(network: FlowNetwork, layers: list[int]) -> tuple[str, ...]:
    return tuple(neuron_id(i, k) for i in layers for k in range(network.layers[i].size))


def _overflow(network: FlowNetwork, layer: int) -> LimitExceeded:
    detail = (
        f"attributions at layer {network.layers[layer].name!r} are larger than 1.8e308: too many layers with "
        f"nif above 1; read the network with a beta above {network.beta}"
    )
    return LimitExceeded(detail, errors=[Place(detail, field="beta")])
