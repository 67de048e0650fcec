"""How well a division of the neurons into communities fits the flow between them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from estimator.graph.flow import FlowEdges

Partition = NDArray[np.int64]


def modularity(edges: FlowEdges, community: Partition) -> float:
    """Newman's modularity Q (doi:10.1103/PhysRevE.69.026113) of the undirected graph weighted by nif.

    community: (n,) of the neurons numbered through; neurons without an edge don't count.
    """
    return modularity_of([edges], community)


def modularity_of(blocks: Iterable[FlowEdges], community: Partition) -> float:
    """The same of edges in blocks, which are gone through twice."""
    largest = max(float(edges.nif.max()) for edges in blocks)
    parts = int(community.max()) + 1
    within, degree, total = np.zeros(parts), np.zeros(parts), 0.0
    for edges in blocks:
        weight = edges.nif / largest  # Q does not change with the unit, and sums cannot overflow
        ends = community[edges.source], community[edges.consumer]
        within += np.bincount(ends[0], weights=weight * (ends[0] == ends[1]), minlength=parts)
        degree += sum(np.bincount(end, weights=weight, minlength=parts) for end in ends)
        total += float(weight.sum())
    return float((within / total - (degree / (2 * total)) ** 2).sum())
