"""What networkit computes for `describe`. Half a second to import, so import this where it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from estimator.graph.flow import FlowEdges
from estimator.graph.lean_networkit import nk
from estimator.graph.modularity import Partition, modularity

RUNS = 10

_networkit = Lock()  # its thread count and its seed belong to the process


@contextmanager
def single_thread() -> Iterator[None]:
    """Several threads would add up in another order, and find other communities, from run to run."""
    with _networkit:
        threads = nk.getMaxNumberOfThreads()
        nk.setNumberOfThreads(1)
        try:
            yield
        finally:
            nk.setNumberOfThreads(threads)


def betweenness(edges: FlowEdges, n: int, lengths: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(n,) scores; step 1 of `describe`. lengths: (m,) of the edges, None is 1 each."""
    data = np.ones(len(edges.nif)) if lengths is None else lengths
    graph = nk.GraphFromCoo(
        (data, (edges.source, edges.consumer)), n=n, directed=True, weighted=lengths is not None
    )
    return np.asarray(nk.centrality.Betweenness(graph).run().scores(), dtype=np.float64)


def leiden(edges: FlowEdges, n: int, seed: int) -> Partition:
    """(n,) the best of RUNS partitions; step 2 of `describe`."""
    weight = edges.nif / edges.nif.max()
    graph = nk.GraphFromCoo((weight, (edges.source, edges.consumer)), n=n, directed=False, weighted=True)
    best, best_quality = np.zeros(n, dtype=np.int64), -np.inf
    for run in range(RUNS):
        nk.setSeed(seed * RUNS + run, False)
        leiden = nk.community.ParallelLeiden(graph)
        leiden.run()
        found = np.asarray(leiden.getPartition().getVector(), dtype=np.int64)
        quality = modularity(edges, np.unique(found, return_inverse=True)[1])
        if quality > best_quality:
            best, best_quality = found, quality
    return best
