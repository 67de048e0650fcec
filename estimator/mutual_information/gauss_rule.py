"""Gauss rules and orthonormal polynomials of discrete measures, for many measures at once.

A measure with masses m at points s has a Jacobi matrix (tridiagonal: `alpha` on, `beta` beside the
diagonal), which Lanczos' iteration of diag(s) from the start vector sqrt(m) finds; the iterates over
sqrt(m) are the orthonormal polynomials at the points. Golub and Welsch 1969
(doi:10.1090/S0025-5718-69-99647-1): the eigenvalues of the leading G x G block are the nodes of the
G-point rule, the squared first components of its eigenvectors the weights, the other components over
the first the same polynomials at the nodes. The rule is exact to degree 2G - 1, so that Gram matrices on
the rule and on the sample are one matrix. The three-term recurrence would give the polynomials from
alpha and beta alone, but loses 10 digits on a measure with an atom and a far cluster (a sparse ReLU).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# Runs of 64 neighbours are replaced by a Gauss rule of their own, exact to degree 31, above the products
# of two features (degree 24): Lanczos' iteration costs time and memory by points times steps.
MOST_POINTS = 384
RUN, RUN_NODES = 64, 16
# Runs at once: 64 MiB of Lanczos' basis.
RUNS = 8192


def lanczos(points: Tensor, masses: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Jacobi coefficients alpha, beta (B, steps; beta[:, 0] = 0) and the orthonormal basis (B, steps, K).

    points, masses: (B, K), float64; points of mass 0 are padding. Every measure needs at least `steps`
    points of positive mass. Reorthogonalised in full, twice, so that the basis is orthonormal to rounding.
    On a CPU what comes out for a measure depends on its own row alone, bit for bit.
    """
    batch, size = points.shape
    if batch == 1:  # torch multiplies one matrix in another order than each of several
        return tuple(a[:1] for a in lanczos(points.expand(2, -1), masses.expand(2, -1), steps))  # type: ignore[return-value]
    basis = points.new_zeros(batch, steps, size)
    alpha, beta = points.new_zeros(2, batch, steps)
    vector = masses.sqrt()
    vector = vector / vector.norm(dim=1, keepdim=True)
    for k in range(steps):
        basis[:, k] = vector
        product = points * vector
        alpha[:, k] = (product * vector).sum(1)
        if k + 1 == steps:
            break
        known = basis[:, : k + 1]
        for _ in range(2):
            inner = torch.bmm(known, product[:, :, None])
            product = torch.baddbmm(product[:, :, None], known.mT, inner, alpha=-1)[:, :, 0]
        beta[:, k + 1] = product.norm(dim=1)
        vector = product / beta[:, k + 1, None]
    return alpha, beta, basis


def gauss_rule(alpha: Tensor, beta: Tensor, degree: int) -> tuple[Tensor, Tensor, Tensor]:
    """Nodes (B, G), weights (B, G) and polynomials 1..degree at the nodes (B, G, degree)."""
    jacobi = torch.diag_embed(alpha) + torch.diag_embed(beta[:, 1:], offset=-1)
    nodes, vectors = torch.linalg.eigh(jacobi)  # reads the lower triangle only
    first = vectors[:, :1]
    return nodes, first[:, 0] ** 2, (vectors[:, 1 : degree + 1] / first).mT


def thinned(measures: Sequence[tuple[Tensor, Tensor]], device: str) -> list[tuple[Tensor, Tensor]]:
    """Points and masses, each (K,), at fewer than MOST_POINTS points, equal in what a Gauss rule needs.

    They stay where they are; the device computes.
    """
    found = list(measures)
    while large := [i for i, (points, _) in enumerate(found) if len(points) >= MOST_POINTS]:
        wholes = [len(found[i][0]) // RUN * RUN for i in large]
        runs, run_masses = (
            torch.cat([found[i][side][:whole] for i, whole in zip(large, wholes, strict=True)]).reshape(
                -1, RUN
            )
            for side in (0, 1)
        )
        nodes, weights = (
            torch.cat(parts)
            for parts in zip(
                *(
                    _run_rule(part.to(device), masses.to(device))
                    for part, masses in zip(
                        torch.split(runs, RUNS), torch.split(run_masses, RUNS), strict=True
                    )
                ),
                strict=True,
            )
        )
        counts = [whole // RUN for whole in wholes]
        fewer = zip(torch.split(nodes, counts), torch.split(weights, counts), strict=True)
        for i, whole, rules in zip(large, wholes, fewer, strict=True):
            found[i] = (
                torch.cat([rules[0].flatten(), found[i][0][whole:]]),
                torch.cat([rules[1].flatten(), found[i][1][whole:]]),
            )
    return found


def _run_rule(runs: Tensor, masses: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes and weights (B, RUN_NODES) of runs (B, RUN), scaled to [-1, 1], where a narrow run far from 0
    loses no digits."""
    totals = masses.sum(1, keepdim=True)
    middle, half = (runs[:, :1] + runs[:, -1:]) / 2, (runs[:, -1:] - runs[:, :1]) / 2
    alpha, beta, _ = lanczos((runs - middle) / half, masses / totals, RUN_NODES)
    nodes, weights, _ = gauss_rule(alpha, beta, 0)
    return (middle + half * nodes).cpu(), (weights * totals).cpu()
