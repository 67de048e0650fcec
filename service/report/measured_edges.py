"""Single edges picked out of the matrices: the strongest, and those that are known least."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.network import FlowNetwork

NEAR_ALPHA = 2.0


@dataclass(frozen=True)
class MeasuredEdge:
    """One pair with its numbers; `source` and `consumer` are (layer, index)."""

    source: tuple[int, int]
    consumer: tuple[int, int]
    nif: float
    mi: float
    ci_low: float
    ci_high: float
    p_value: float
    q_value: float
    redundancy: float
    saturated: bool
    lower_bound: bool
    method: str

    @property
    def relative_width(self) -> float:
        """Width of the 95 % interval over the value; infinite for a value of 0."""
        return (self.ci_high - self.ci_low) / self.mi if self.mi > 0 else math.inf


def strongest_edges(network: FlowNetwork, limit: int) -> list[MeasuredEdge]:
    """Flow edges by nif, largest first; ties in the order of the matrices."""
    return _picked(network, [np.where(nif > 0, nif, -np.inf) for nif in network.nif], limit)


def widest_edges(network: FlowNetwork, limit: int) -> list[MeasuredEdge]:
    """Flow edges by the width of their interval relative to the value, widest first."""
    scores = []
    for e, nif in zip(network.edges, network.nif, strict=True):
        width = np.divide(e.ci_high - e.ci_low, e.mi, out=np.zeros_like(e.mi), where=e.mi > 0)
        scores.append(np.where(nif > 0, width, -np.inf))
    return _picked(network, scores, limit)


def edges_near_alpha(network: FlowNetwork, limit: int) -> list[MeasuredEdge]:
    """Measured edges, kept or not, whose q is within a factor of NEAR_ALPHA of alpha; nearest first."""
    scores = []
    for e in network.edges:
        with np.errstate(divide="ignore"):
            distance = np.abs(np.log(e.q_value / network.alpha))
        scores.append(np.where(distance <= math.log(NEAR_ALPHA), -distance, -np.inf))
    return _picked(network, scores, limit)


def _picked(network: FlowNetwork, scores: list[NDArray[np.float64]], limit: int) -> list[MeasuredEdge]:
    """The edges of highest score; an edge of score -inf is never picked."""
    candidates = [
        (-float(score.flat[at]), block, int(at))
        for block, score in enumerate(scores)
        for at in _top(score, limit)
    ]
    return [_edge(network, block, at) for _, block, at in sorted(candidates)[:limit]]


def _top(score: NDArray[np.float64], limit: int) -> Iterator[np.intp]:
    flat = score.ravel()
    order = np.argsort(-flat, kind="stable")[:limit]
    return (at for at in order if flat[at] > -np.inf)


def _edge(network: FlowNetwork, block: int, at: int) -> MeasuredEdge:
    e = network.edges[block]
    i, k = divmod(at, e.mi.shape[1])
    return MeasuredEdge(
        source=(e.source, i),
        consumer=(e.consumer, k),
        nif=float(network.nif[block][i, k]),
        mi=float(e.mi[i, k]),
        ci_low=float(e.ci_low[i, k]),
        ci_high=float(e.ci_high[i, k]),
        p_value=float(e.p_value[i, k]),
        q_value=float(e.q_value[i, k]),
        redundancy=float(network.redundancy[e.source][i]),
        saturated=bool(e.saturated[i, k]),
        lower_bound=bool(e.lower_bound[i, k]),
        method=str(e.method[i, k]),
    )
