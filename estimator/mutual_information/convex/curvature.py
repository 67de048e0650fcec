"""Second derivatives of the bound in W, a and b being profiled out: what a step, edf and se need of them.

H = E_p[f f'] of the d^2 products f, less its projection on functions of x plus functions of y. With
M = p/sqrt(p_x p_y) (p's own margins: with the target ones it is indefinite before convergence),
u = sqrt(p_x) E[f|x], v = sqrt(p_y) E[f|y], r = u - Mv, s = sqrt(p_x):

    H = E[ff'] - v'v - r' K^-1 r,    K = I - MM' + s s'.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from estimator.mutual_information.convex.sinkhorn import TINY, alone

# Keeps K positive definite in float32 where y nearly determines x.
PROJECTION_FLOOR = 1e-6
# Above this size a matrix is inverted by blocks, in matrix products, which LAPACK's unblocked code is not.
LARGEST_LEAF = 36
WORST = 1e-3


@dataclass(frozen=True)
class Curvature:
    """Of B pairs: H (B, d^2, d^2), the inverse of H + ridge, and what moves a and b.

    projection: of K = projection projection'. residual: projection^-1 r.
    """

    H: Tensor
    inverse: Tensor
    projection: Tensor
    residual: Tensor
    v: Tensor
    M: Tensor
    root_x: Tensor
    root_y: Tensor

    def take(self, index: Tensor) -> "Curvature":
        return Curvature(*(getattr(self, f.name).index_select(0, index) for f in fields(self)))

    def follow(self, move: Tensor) -> tuple[Tensor, Tensor]:
        """First-order changes of a and b (B, G) along a move (B, d^2, 1) of W."""
        z = torch.linalg.solve_triangular(self.projection.mT, self.residual @ move, upper=True)
        return -self.root_x * z[:, :, 0], -self.root_y * (self.v @ move - self.M.mT @ z)[:, :, 0]

    def settle(self, missing: Tensor) -> tuple[Tensor, Tensor]:
        """Newton's changes of a and b, W as it is, where x has its margin already.

        missing: (B, G), what is missing of the margin of y. Sinkhorn's sweeps get there, too, but slowly
        where x and y nearly determine each other.
        """
        short = (self.root_y * missing)[:, :, None]
        z = torch.linalg.solve_triangular(self.projection, self.M @ short, upper=False)
        z = torch.linalg.solve_triangular(self.projection.mT, z, upper=True)
        return -self.root_x * z[:, :, 0], self.root_y * (short + self.M.mT @ z)[:, :, 0]


def effective(inverse: Tensor, ridge: Tensor) -> Tensor:
    """edf = tr h (B,), h = H(H + ridge)^-1. inverse: of H + ridge; ridge: (B, d^2)."""
    return ridge.shape[1] - (ridge * inverse.diagonal(dim1=1, dim2=2)).sum(1)


def spread(inverse: Tensor, ridge: Tensor, edf: Tensor) -> Tensor:
    """tr h^2 (B,): h = I - ridge (H + ridge)^-1."""
    squares = (inverse * inverse @ ridge[:, :, None])[:, :, 0]
    return 2 * edf - ridge.shape[1] + (ridge * squares).sum(1)


def curvature(p: Tensor, A: Tensor, B: Tensor, pA: Tensor, pB: Tensor, ridge: Tensor) -> Curvature:
    """At p (B, G, G) with features A, B (B, G, d), pA = p'A, pB = p B, ridge (B, d, d)."""
    count, G, d = A.shape
    px, py = p.sum(2), p.sum(1)
    root_x, root_y = px.clamp_min(TINY).rsqrt(), py.clamp_min(TINY).rsqrt()
    M = p * root_x[:, :, None] * root_y[:, None, :]
    v, residual = p.new_empty(2, count, G, d * d)
    torch.mul(pA[:, :, :, None], (B * root_y[:, :, None])[:, :, None, :], out=v.view(count, G, d, d))
    torch.mul((A * root_x[:, :, None])[:, :, :, None], pB[:, :, None, :], out=residual.view(count, G, d, d))
    residual.baddbmm_(M, v, alpha=-1)
    s = px * root_x
    K = torch.baddbmm(s[:, :, None] * s[:, None, :], M, M.mT, alpha=-1)
    K.diagonal(dim1=1, dim2=2).add_(1 + PROJECTION_FLOOR)
    projection = torch.linalg.cholesky_ex(K)[0]
    residual.copy_(torch.linalg.solve_triangular(projection, residual, upper=False))
    H = _second_moments(p, A, B).baddbmm_(v.mT, v, alpha=-1).baddbmm_(residual.mT, residual, alpha=-1)
    return Curvature(
        H, ridged_inverse(H, ridge.reshape(count, d * d)), projection, residual, v, M, root_x, root_y
    )


def ridged_inverse(H: Tensor, ridge: Tensor) -> Tensor:
    """(H + ridge)^-1, H (B, D, D), ridge (B, D)."""
    H = _ridged(H, ridge)
    if H.shape[1] <= LARGEST_LEAF:
        return _stable_inverse(H)
    inverse = _inverse(H)
    # By blocks more digits are lost than by Cholesky: a matrix too near singular for them is seen by a probe.
    probe = H.new_ones(1, H.shape[1], 1)
    missed = (H @ (inverse @ probe) - probe).abs().amax((1, 2))
    poor = alone((~(missed < WORST)).nonzero()[:, 0])
    if len(poor):
        inverse[poor] = _stable_inverse(H[poor])
    return inverse


def _stable_inverse(H: Tensor) -> Tensor:
    inverse: Tensor = torch.cholesky_inverse(_factor(H))
    return inverse


def _factor(H: Tensor) -> Tensor:
    """Cholesky's. Where float32 lost the small eigenvalues of a very sharp pair, H is lifted by what rounding
    can have taken."""
    factor: Tensor
    factor, info = torch.linalg.cholesky_ex(H)
    if bool(info.any()):
        bad = alone(info.nonzero()[:, 0])
        lifted = H[bad]
        diagonal = lifted.diagonal(dim1=1, dim2=2)
        diagonal += 1e-3 * diagonal.abs().amax(1, keepdim=True)
        factor[bad] = torch.linalg.cholesky_ex(lifted)[0]
    return factor


def ridged_solution(H: Tensor, ridge: Tensor, pull: Tensor) -> tuple[Tensor, Tensor]:
    """(H + ridge)^-1 pull, pull (B, D, 1), and nearly edf (B,): to second order in H beside its diagonal."""
    H = _ridged(H, ridge)
    factor = _factor(H)
    one_by = H.diagonal(dim1=1, dim2=2).reciprocal()
    H.diagonal(dim1=1, dim2=2).zero_()
    coupled = ((H * H) @ one_by[:, :, None])[:, :, 0]
    edf = H.shape[1] - (ridge * one_by * (1 + one_by * coupled)).sum(1)
    solution: Tensor = torch.cholesky_solve(pull, factor)
    return solution, edf


def _ridged(H: Tensor, ridge: Tensor) -> Tensor:
    H = H.clone()
    H.diagonal(dim1=1, dim2=2).add_(ridge)
    return H


def _inverse(H: Tensor) -> Tensor:
    """The inverses of positive definite matrices (B, D, D) by blocks; nonsense where H is nearly singular.

    The sides of all blocks are multiples of 4: a product's bits can depend on where in memory a matrix
    starts, to 16 bytes, and so on its place in the batch.
    """
    size = H.shape[1]
    if size <= LARGEST_LEAF:
        return torch.cholesky_inverse(torch.linalg.cholesky_ex(H)[0])
    half = size // 8 * 4
    corner, beside = _inverse(H[:, :half, :half]), H[:, :half, half:]
    across = corner @ beside
    rest = _inverse(torch.baddbmm(H[:, half:, half:], beside.mT, across, alpha=-1))
    inverse = torch.empty_like(H)
    joint = across @ rest
    inverse[:, :half, :half] = torch.baddbmm(corner, joint, across.mT)
    inverse[:, :half, half:] = -joint
    inverse[:, half:, :half] = -joint.mT
    inverse[:, half:, half:] = rest
    return inverse


def _second_moments(p: Tensor, A: Tensor, B: Tensor) -> Tensor:
    """E_p[f f'], (B, d^2, d^2): from the distinct products of two features of one side."""
    count, _, d = A.shape
    k, m = torch.triu_indices(d, d, device=p.device)
    place = torch.empty(d, d, dtype=torch.long, device=p.device)
    place[k, m] = place[m, k] = torch.arange(len(k), device=p.device)
    AA, BB = (F.index_select(2, k) * F.index_select(2, m) for F in (A, B))
    moments = (AA.mT @ p) @ BB
    index = (place[:, None, :, None] * len(k) + place[None, :, None, :]).reshape(-1)
    return moments.reshape(count, -1).index_select(1, index).reshape(count, d * d, d * d)
