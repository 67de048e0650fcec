"""From activations to NIF edges: *NIF: A Framework for Quantifying Neural Information Flow in Deep Networks*
(arXiv 1901.08557).

1. I(x_i; y_k) of every neuron i of a source layer and every neuron k of a layer that consumes it, in nats.
2. q-values of all those edges together (Benjamini-Hochberg): one family, the analysis. Pairs with a constant
   neuron are no tests; their mi is 0 and their q is 1.
3. The redundancy R_i of each source neuron: mean or sum of I(x_i; x_j) over the other neurons j of its layer.
4. nif(i, k) = max(0, I(x_i; y_k) - beta * R_i), and 0 where q > alpha: a reading of 1 to 3 for any beta,
   `estimator.network.Edges.nif`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.mutual_information.entropy import ceilings, entropies
from estimator.mutual_information.estimation import estimate
from estimator.mutual_information.false_discovery import benjamini_hochberg
from estimator.mutual_information.inputs import resolve_device
from estimator.mutual_information.intervals import bounded
from estimator.mutual_information.methods import method
from estimator.mutual_information.pairs import mutual_information
from estimator.mutual_information.result import MutualInformation
from estimator.network import Edges
from estimator.options import Options, Redundancy
from estimator.progress import Progress, silent

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredEdges:
    """edges: one entry a link, in order. metadata: how they were measured, as the estimator says."""

    edges: tuple[Edges, ...]
    metadata: Mapping[str, Any]


def flow_edges(
    activations: Sequence[Floats],
    links: Sequence[tuple[int, int]],
    options: Options,
    progress: Progress = silent,
) -> MeasuredEdges:
    """Steps 1 and 2. activations: one (n, size) array a layer; links: (source, consumer) positions in it."""
    pairs = [activations[s].shape[1] * activations[c].shape[1] for s, c in links]
    told = PhaseProgress(progress, "estimating", sum(pairs))
    found: list[MutualInformation] = []
    for (source, consumer), share in zip(links, pairs, strict=True):
        X, Y = activations[source], activations[consumer]
        found.append(measure(X, Y, options, told.part(share)))
    q_values = q_over_all(
        [
            (mi.p_value, _tested(activations[s], activations[c]))
            for (s, c), mi in zip(links, found, strict=True)
        ]
    )
    edges = tuple(
        Edges(
            source=source,
            consumer=consumer,
            mi=mi.mi,
            se=mi.se,
            ci_low=mi.ci_low,
            ci_high=mi.ci_high,
            p_value=mi.p_value,
            q_value=q,
            ceiling=mi.ceiling,
            saturated=mi.saturated,
            lower_bound=mi.lower_bound,
            method=mi.method,
        )
        for (source, consumer), mi, q in zip(links, found, q_values, strict=True)
    )
    return MeasuredEdges(edges, found[0].metadata if found else {})


def measure(X: Floats, Y: Floats, options: Options, progress: Progress = silent) -> MutualInformation:
    """MI of all pairs as the options say."""
    return mutual_information(
        X,
        Y,
        method=options.estimator,
        seed=options.seed,
        alpha=options.alpha,
        permutations=options.permutations,
        device=options.device,
        parameters=options.parameters,
        progress=progress,
    )


def _tested(X: Floats, Y: Floats) -> NDArray[np.bool_]:
    varies, other_varies = (values.min(axis=0) < values.max(axis=0) for values in (X, Y))
    tested: NDArray[np.bool_] = varies[:, None] & other_varies
    return tested


def q_over_all(tests: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> list[Floats]:
    """q-values over the tested p-values of all arrays together; 1 for what was not tested."""
    q = benjamini_hochberg(np.concatenate([p[tested] for p, tested in tests] or [np.empty(0)]))
    values, start = [], 0
    for p, tested in tests:
        of_this = np.ones(p.shape)
        stop = start + int(tested.sum())
        of_this[tested] = q[start:stop]
        values.append(of_this)
        start = stop
    return values


def redundancies(
    activations: Sequence[Floats],
    links: Sequence[tuple[int, int]],
    options: Options,
    progress: Progress = silent,
) -> tuple[Floats, ...]:
    """Step 3: R (size,) of each layer; zeros for a layer that is no source or has one neuron."""
    sources = sorted({source for source, _ in links})
    pairs = {s: activations[s].shape[1] * (activations[s].shape[1] - 1) // 2 for s in sources}
    told = PhaseProgress(progress, "redundancy", sum(pairs.values()))
    return tuple(
        redundancy(within(X, options, told.part(pairs[i])), options.redundancy)
        if i in pairs
        else np.zeros(X.shape[1])
        for i, X in enumerate(activations)
    )


def redundancy(mi_within: Floats, how: Redundancy) -> Floats:
    """R_i (p,) of I(x_i; x_j) (p, p): over the other neurons j != i. A neuron without others has R = 0.

    Never below 0: single estimates near 0 scatter around it, information does not.
    """
    others = len(mi_within) - 1
    if others < 1:
        return np.zeros(len(mi_within))
    total = mi_within.sum(axis=1) - np.diagonal(mi_within)
    R: Floats = np.maximum(0.0, total / others if how == "mean" else total)
    return R


def within(X: Floats, options: Options, progress: Progress = silent) -> Floats:
    """I(x_i; x_j) (p, p) of every two columns of X, 0 on the diagonal and for a constant column.

    Only the estimates: no test of significance is made, for R takes all of them.
    """
    mi = np.zeros((X.shape[1], X.shape[1]))
    varying = np.flatnonzero(X.min(axis=0) < X.max(axis=0))
    if len(varying) < 2:
        return mi
    Z = X[:, varying] + 0.0
    chosen = method(options.estimator, options.parameters)
    device = resolve_device(options.device)
    found = estimate(Z, None, chosen, seed=options.seed, device=device, progress=progress)
    entropy = entropies(Z)
    mi[np.ix_(varying, varying)] = bounded(found.mi, ceilings(entropy, entropy, len(Z)))[0]
    np.fill_diagonal(mi, 0.0)
    return mi


class PhaseProgress:
    """Tells progress of several pieces of work as that of one phase, in pairs done of pairs in all."""

    def __init__(self, progress: Progress, phase: str, total: int) -> None:
        self._progress, self._phase, self._total, self._before = progress, phase, total, 0
        progress(phase, 0, total)

    def part(self, share: int) -> Progress:
        """Progress of the next piece, which is `share` of the total."""
        before, self._before = self._before, self._before + share

        def tell(phase: str, done: int, total: int) -> None:
            part = share if total == 0 else share * done // total
            self._progress(self._phase, before + part, self._total)

        return tell
