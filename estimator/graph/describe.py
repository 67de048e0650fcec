"""Betweenness and communities of a network.

1. Betweenness of every neuron over the directed flow edges, not normalised: the sum over pairs (s, t) of
   the share of shortest paths from s to t that run through it (Brandes 2001,
   doi:10.1080/0022250X.2001.9990249), every edge of length 1 as in arXiv 1901.08557, and once more with
   edges of length 1/nif.
2. Communities by Leiden (arXiv 1810.08473) on the undirected graph weighted by nif. Leiden is a search:
   the best by modularity of several runs is kept, each with a seed of its own.
3. A community that hangs together only through neurons outside of it is split into its connected parts.
4. Modularity is computed anew from the communities as they are returned.
"""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from estimator.graph.facts import Floats, GraphFacts
from estimator.graph.flow import FlowEdges, flow_edges
from estimator.graph.modularity import Partition, modularity_of
from estimator.network import FlowNetwork

LONGEST_EDGE = 1e300  # of 1/nif; a path of more than 10^8 of them would be needed to overflow
Scalar = TypeVar("Scalar", np.float64, np.int64)


def describe(network: FlowNetwork, seed: int | None = None) -> GraphFacts:
    """What graph algorithms say of the network at its own beta; the same for the same network and seed.

    seed: of the communities; None is that of the analysis, as recorded in the network's provenance.
    """
    if seed is None:
        seed = int(network.provenance.get("seed", 0))
    edges, n = flow_edges(network), network.neurons_total
    if len(edges.nif) == 0:
        zeros = np.zeros(n)
        nowhere = np.full(n, -1, dtype=np.int64)
        return GraphFacts(_split(zeros, network), _split(zeros, network), _split(nowhere, network), None)
    from estimator.graph.networkit_runs import betweenness, leiden, single_thread

    with single_thread():
        unweighted = betweenness(edges, n, None)
        weighted = betweenness(edges, n, _lengths(edges.nif))
        community = leiden(edges, n, seed)
    return facts_of(network, [edges], unweighted, weighted, community)


def facts_of(
    network: FlowNetwork,
    blocks: Iterable[FlowEdges],
    betweenness: Floats,
    weighted: Floats,
    community: Partition,
) -> GraphFacts:
    """Steps 3 and 4 for scores and communities, (n,) each, that some engine found on one edge or more.

    blocks: the flow edges, in one block or in many; gone through several times.
    """
    numbered = _numbered(_connected(blocks, community), blocks)
    return GraphFacts(
        betweenness=_split(betweenness, network),
        betweenness_weighted=_split(weighted, network),
        community=_split(numbered, network),
        modularity=modularity_of(blocks, numbered),
    )


def _lengths(nif: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.minimum(1 / nif, LONGEST_EDGE)


def _connected(blocks: Iterable[FlowEdges], community: Partition) -> Partition:
    """(n,) the connected parts of the communities, step 3."""
    from scipy.sparse import coo_array  # here: it takes a quarter of a second, and the API never comes here
    from scipy.sparse.csgraph import connected_components

    n = len(community)
    parts: Partition = np.arange(n)
    for edges in blocks:
        inside = community[edges.source] == community[edges.consumer]
        ends = (parts[edges.source[inside]], parts[edges.consumer[inside]])
        within = coo_array((np.ones(len(ends[0])), ends), shape=(n, n))
        parts = connected_components(within, directed=False)[1].astype(np.int64)[parts]
    return parts


def _numbered(community: Partition, blocks: Iterable[FlowEdges]) -> Partition:
    """(n,) communities from 0 by size, then by first neuron; -1 for a neuron without a flow edge."""
    n = len(community)
    tied = np.zeros(n, dtype=bool)
    for edges in blocks:
        tied[edges.source] = tied[edges.consumer] = True
    names, first, size = np.unique(community[tied], return_index=True, return_counts=True)
    number = np.full(int(community.max()) + 1, -1, dtype=np.int64)
    number[names[np.lexsort((first, -size))]] = np.arange(len(names))
    return np.where(tied, number[community], -1)


def _split(values: NDArray[Scalar], network: FlowNetwork) -> tuple[NDArray[Scalar], ...]:
    return tuple(np.split(values, network.offsets[1:]))
