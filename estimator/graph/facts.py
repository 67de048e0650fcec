"""What graph algorithms say of a network's neurons, one entry a layer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GraphFacts:
    """betweenness: over flow edges, unweighted; betweenness_weighted: with distance 1/nif.

    community: numbered from 0 by size, then by first neuron; -1 for a neuron without a flow edge.
    modularity: of the communities on the undirected graph weighted by nif; None without a flow edge.
    """

    betweenness: tuple[Floats, ...]
    betweenness_weighted: tuple[Floats, ...]
    community: tuple[NDArray[np.int64], ...]
    modularity: float | None
