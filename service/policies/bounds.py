"""A network read at the lower and at the upper ends of its intervals.

What holds in both holds for every network within the intervals, since flow grows with the mi of each edge:
the product along a path and the attribution over all paths lie between their values in the two.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from estimator.network import Edges, FlowNetwork
from service.policies.finding import unresolved

# Nats of an edge whose upper end is not known: more than any two neurons of a table can share.
UNBOUNDED = 1e3


def lowest(network: FlowNetwork) -> FlowNetwork:
    """Every flow edge at the lower end of its interval."""
    edges = tuple(replace(e, mi=np.nan_to_num(e.ci_low, nan=0.0)) for e in network.edges)
    return replace(network, edges=edges)


def highest(network: FlowNetwork, *, every_edge: bool = True) -> FlowNetwork:
    """Every edge at the upper end of its interval; of one that is not resolved, at its ceiling.

    every_edge: those that are not significant, too, for they may still carry that much.
    """
    edges = tuple(
        replace(e, mi=upper_end(e), q_value=np.zeros_like(e.q_value) if every_edge else e.q_value)
        for e in network.edges
    )
    return replace(network, edges=edges)


def upper_end(edges: Edges) -> NDArray[np.float64]:
    """The most that each pair may share, in nats; UNBOUNDED where the network does not say."""
    top = np.where(unresolved(edges), np.maximum(edges.ci_high, edges.ceiling), edges.ci_high)
    return np.where(np.isfinite(top), top, UNBOUNDED)


def between(network: FlowNetwork, draws: int, seed: int) -> Iterator[FlowNetwork]:
    """Networks as they might have been measured: each edge drawn from the normal law of its estimate.

    Draws are independent over the edges; a significant edge stays one.
    """
    random = np.random.default_rng(seed)
    for _ in range(draws):
        yield replace(
            network,
            edges=tuple(
                replace(
                    e, mi=np.maximum(0.0, e.mi + np.nan_to_num(e.se) * random.standard_normal(e.mi.shape))
                )
                for e in network.edges
            ),
        )
