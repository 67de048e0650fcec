"""Gauss rules and orthonormal polynomials of discrete measures.

A measure with masses m at points s has a Jacobi matrix (tridiagonal: `alpha` on, `beta` beside the
diagonal), which Lanczos' iteration of diag(s) from the start vector sqrt(m) finds; the iterates over
sqrt(m) are the orthonormal polynomials at the points. Golub and Welsch 1969
(doi:10.1090/S0025-5718-69-99647-1): the eigenvalues of the leading G x G block are the nodes of the
G-point rule, the squared first components of its eigenvectors the weights, the other components over
the first the same polynomials at the nodes. The rule is exact to degree 2G - 1, so that Gram matrices on
the rule and on the sample are one matrix. The three-term recurrence would give the polynomials from
alpha and beta alone, but loses 10 digits on a measure with an atom and a far cluster (a sparse ReLU).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Runs of 64 neighbours are replaced by a Gauss rule of their own, exact to degree 31, above the products
# of two features (degree 24): Lanczos' iteration costs time and memory by points times steps.
MOST_POINTS = 384
RUN, RUN_NODES = 64, 16


def lanczos(points: Floats, masses: Floats, steps: int) -> tuple[Floats, Floats, Floats]:
    """Jacobi coefficients alpha, beta (B, steps; beta[:, 0] = 0) and the orthonormal basis (B, steps, K).

    points, masses: (B, K); points of mass 0 are padding. Every measure needs at least `steps` points of
    positive mass. Reorthogonalised in full, twice, so that the basis is orthonormal to rounding. What
    comes out for a measure depends on its own row alone, bit for bit.
    """
    batch, size = points.shape
    basis = np.zeros((batch, steps, size))
    alpha, beta = np.zeros((batch, steps)), np.zeros((batch, steps))
    vector = np.sqrt(masses)
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    for k in range(steps):
        basis[:, k] = vector
        product = points * vector
        alpha[:, k] = (product * vector).sum(axis=1)
        if k + 1 == steps:
            break
        known = basis[:, : k + 1]
        for _ in range(2):
            product -= (known.transpose(0, 2, 1) @ (known @ product[:, :, None]))[:, :, 0]
        beta[:, k + 1] = np.linalg.norm(product, axis=1)
        vector = product / beta[:, k + 1, None]
    return alpha, beta, basis


def gauss_rule(alpha: Floats, beta: Floats, degree: int) -> tuple[Floats, Floats, Floats]:
    """Nodes (B, G), weights (B, G) and polynomials 1..degree at the nodes (B, G, degree)."""
    size = alpha.shape[1]
    jacobi = np.zeros((len(alpha), size, size))
    diagonal = np.arange(size)
    jacobi[:, diagonal, diagonal] = alpha
    jacobi[:, diagonal[1:], diagonal[:-1]] = beta[:, 1:]  # eigh reads the lower triangle only
    nodes, vectors = np.linalg.eigh(jacobi)
    first = vectors[:, :1]
    return nodes, first[:, 0] ** 2, (vectors[:, 1 : degree + 1] / first).transpose(0, 2, 1)


def thinned(points: Floats, masses: Floats) -> tuple[Floats, Floats]:
    """The measure (K,) at fewer than MOST_POINTS points, equal in what a Gauss rule needs of it."""
    while len(points) >= MOST_POINTS:
        whole = len(points) // RUN * RUN
        runs, run_masses = points[:whole].reshape(-1, RUN), masses[:whole].reshape(-1, RUN)
        totals = run_masses.sum(axis=1, keepdims=True)
        # Scaled to [-1, 1], where a narrow run far from 0 loses no digits.
        middle = (runs[:, :1] + runs[:, -1:]) / 2
        half = (runs[:, -1:] - runs[:, :1]) / 2
        alpha, beta, _ = lanczos((runs - middle) / half, run_masses / totals, RUN_NODES)
        nodes, weights, _ = gauss_rule(alpha, beta, 0)
        points = np.concatenate([(middle + half * nodes).ravel(), points[whole:]])
        masses = np.concatenate([(weights * totals).ravel(), masses[whole:]])
    return points, masses
