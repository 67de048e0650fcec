"""How well a division of the neurons into communities fits the flow between them."""

import numpy as np
from numpy.typing import NDArray

from estimator.graph.flow import FlowEdges

Partition = NDArray[np.int64]


def modularity(edges: FlowEdges, community: Partition) -> float:
    """Newman's modularity Q (doi:10.1103/PhysRevE.69.026113) of the undirected graph weighted by nif.

    community: (n,) of the neurons numbered through; neurons without an edge don't count.
    """
    weight = edges.nif / edges.nif.max()  # Q does not change with the unit, and sums cannot overflow
    parts = int(community.max()) + 1
    of_source, of_consumer = community[edges.source], community[edges.consumer]
    within = np.bincount(of_source, weights=weight * (of_source == of_consumer), minlength=parts)
    degree = np.bincount(of_source, weights=weight, minlength=parts) + np.bincount(
        of_consumer, weights=weight, minlength=parts
    )
    total = weight.sum()
    return float((within / total - (degree / (2 * total)) ** 2).sum())
