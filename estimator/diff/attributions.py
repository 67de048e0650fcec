"""Attributions of both networks with their errors.

1. A(i, j) = sum over the paths from i to j of the product of nif (`estimator/graph/attribution.py`).
2. A is linear in each edge: dA(i, j) / d nif(u, v) = F(i, u) B(v, j), F what arrives at u from i, B what
   arrives at j from v. So, to first order and with the edges' errors taken as independent,
   se(A)^2 = sum over flow edges of F(i, u)^2 se(u, v)^2 B(v, j)^2: matrix products, never a list of paths.
   The redundancy's error and edges that are below the threshold by chance are not in it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.diff.alignment import Alignment
from estimator.graph.attribution import carry
from estimator.network import FlowNetwork

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AttributionsWithErrors:
    """values, se: (n_in, n_out), all neurons of the input and the output layers, in order."""

    values: Floats
    se: Floats


def attributions_with_errors(network: FlowNetwork) -> AttributionsWithErrors:
    """Raises LimitExceeded where a sum is larger than the largest double."""
    starts, ends = ends_of(network)
    n_in, n_out = (sum(network.layers[i].size for i in layers) for layers in (starts, ends))
    forward = carry(network, starts, n_in, backwards=False)
    backward = carry(network, ends, n_out, backwards=True)
    values = np.concatenate([forward[i] for i in ends] or [np.zeros((0, n_in))], axis=0).T
    variance = np.zeros((n_in, n_out))
    for edges, nif in zip(network.edges, network.nif, strict=True):
        spread = np.where(nif > 0, np.nan_to_num(edges.se) ** 2, 0.0)
        variance += (forward[edges.source] ** 2).T @ spread @ backward[edges.consumer] ** 2
    return AttributionsWithErrors(np.ascontiguousarray(values), np.sqrt(variance))


def in_base_order(
    found: AttributionsWithErrors, base: FlowNetwork, head: FlowNetwork, alignment: Alignment
) -> AttributionsWithErrors:
    """The head's attributions with rows and columns as the base has them."""
    places = []
    for layers, theirs in zip(ends_of(base), ends_of(head), strict=True):
        starts = dict(
            zip(theirs, np.cumsum([0, *(head.layers[i].size for i in theirs)]).tolist(), strict=False)
        )
        aligned = [alignment.layers[i] for i in layers]
        places.append(
            np.concatenate([starts[a.head] + a.partner for a in aligned] or [np.zeros(0, np.int64)])
        )
    order = np.ix_(*places)
    return AttributionsWithErrors(found.values[order], found.se[order])


def ends_of(network: FlowNetwork) -> tuple[list[int], list[int]]:
    """(input layers, output layers)."""
    return (
        [layer.index for layer in network.layers if layer.kind == "input"],
        [layer.index for layer in network.layers if layer.kind == "output"],
    )
