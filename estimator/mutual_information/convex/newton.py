"""Batched Newton ascent of the Donsker-Varadhan bound in W, with a and b profiled out on the grid.

For a pair the critic is T(x, y) = A(x)'W B(y) + a(x) + b(y), A and B the orthonormal features. Its bound

    F(W, a, b) = <S, W> + <w_x, a> + <w_y, b> - log sum w_x w_y exp(T) - <W, ridge * W> / 2

(Belghazi et al. 2018, arXiv:1801.04062, eq. 10, the expectation over the product of the margins being a
sum over the grid) is concave in all three. S is the sample's mean of A B', w the nodes' weights. For
fixed W the best a and b are Sinkhorn's scalings, for p = w_x w_y exp(T)/Z has the margins w_x and w_y.

1. Sinkhorn: two sweeps from the last a, b; never lowers F.
2. Gradient of the profile: S - A'pB - ridge * W.
3. Hessian: E_p[f f'] of the d^2 products f, less its projection on functions of x plus functions of y. With
   M = p/sqrt(p_x p_y) (p's own margins: with the target ones it is indefinite before convergence),
   u = sqrt(p_x) E[f|x], v = sqrt(p_y) E[f|y], r = u - Mv:  H = E[ff'] - v'v - r'(I - MM' + s s')^-1 r,
   s = sqrt(p_x).
4. Step min(1, 1.2/sqrt(decrement)), times .3 after a failure; a and b follow to first order.
5. Stop at decrement 2e-4 or after 10 steps; only pairs that have not stopped stay in the batch.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

STEPS = 10
STOP = 2e-4
LONGEST = 1.2
SHRINK = 0.3
# A loss of less than this is rounding, not a failure.
ROUNDING = 1e-6
TINY = 1e-30
# Keeps the projection's matrix positive definite in float32 where y nearly determines x.
PROJECTION_FLOOR = 1e-6


@dataclass(frozen=True)
class Batch:
    """B pairs: scores S (B, d, d), features (B, G, d) and weights (B, G) of both sides, ridge (B, d, d)."""

    scores: Tensor
    left: Tensor
    right: Tensor
    left_weights: Tensor
    right_weights: Tensor
    ridge: Tensor

    def take(self, index: Tensor) -> "Batch":
        return Batch(*(getattr(self, f.name).index_select(0, index) for f in fields(self)))


@dataclass(frozen=True)
class Potentials:
    """a (B, G), b (B, G), p (B, G, G) with its margins, and the bound (B,) with and without the ridge."""

    a: Tensor
    b: Tensor
    p: Tensor
    bound: Tensor
    penalised: Tensor

    def take(self, index: Tensor) -> "Potentials":
        return Potentials(*(getattr(self, f.name).index_select(0, index) for f in fields(self)))


@dataclass(frozen=True)
class Fit:
    """The optimum of B pairs: W, a, b; value: the bound without ridge, in nats.

    edf: tr h, effective parameters, h = H(H + ridge)^-1; spread: tr h^2; variance: of T under p.
    """

    W: Tensor
    a: Tensor
    b: Tensor
    value: Tensor
    edf: Tensor
    spread: Tensor
    variance: Tensor

    def take(self, index: Tensor) -> "Fit":
        return Fit(*(getattr(self, f.name).index_select(0, index) for f in fields(self)))

    @staticmethod
    def joined(parts: "list[Fit]") -> "Fit":
        return Fit(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Fit)))

    def put(self, index: Tensor, other: "Fit") -> None:
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(other, f.name)


def sinkhorn(batch: Batch, W: Tensor, a: Tensor, b: Tensor, sweeps: int = 2) -> Potentials:
    """Scale a and b towards the margins, starting from where they are."""
    T = (batch.left @ W) @ batch.right.mT
    T += a[:, :, None]
    T += b[:, None, :]
    rows = T.amax(2)
    T -= rows[:, :, None]
    columns = T.amax(1)
    T -= columns[:, None, :]
    E = T.exp_()
    # The row scaling starts at what the maxima took away, so that the warm start is kept.
    r = (rows - rows.amax(1, keepdim=True)).exp_()
    for _ in range(sweeps):
        c = (E.mT @ (batch.left_weights * r)[:, :, None])[:, :, 0].clamp_min_(TINY).reciprocal_()
        r = (E @ (batch.right_weights * c)[:, :, None])[:, :, 0].clamp_min_(TINY).reciprocal_()
    a = a - rows + r.log()
    b = b - columns + c.log()
    p = E.mul_((batch.left_weights * r)[:, :, None]).mul_((batch.right_weights * c)[:, None, :])
    Z = p.sum((1, 2))
    p /= Z[:, None, None]
    b -= Z.log()[:, None]
    bound = (
        (batch.scores * W).sum((1, 2)) + (batch.left_weights * a).sum(1) + (batch.right_weights * b).sum(1)
    )
    return Potentials(a, b, p, bound, bound - 0.5 * (batch.ridge * W * W).sum((1, 2)))


def newton(batch: Batch, W: Tensor, a: Tensor, b: Tensor) -> Fit:
    """The maximum of the penalised bound, from the start W, a, b."""
    count, d = W.shape[0], W.shape[1]
    out = Fit(*(torch.empty_like(t) for t in (W, a, b)), *(W.new_empty(count) for _ in range(4)))
    active = _two(torch.arange(count, device=W.device))
    batch, W, a, b = batch.take(active), W[active], a[active], b[active]
    trust = W.new_ones(len(active))
    now = sinkhorn(batch, W, a, b)
    for step in range(STEPS + 1):
        curve = _curvature(batch, W, now)
        move = torch.cholesky_solve(curve.gradient.reshape(-1, d * d, 1), curve.factor)
        decrement = (curve.gradient.reshape(-1, 1, d * d) @ move)[:, 0, 0]
        a_move, b_move = curve.follow(move)
        stopped = (decrement < STOP) | torch.full_like(decrement, step == STEPS, dtype=torch.bool)
        if bool(stopped.any()):
            done, going = _two(stopped.nonzero()[:, 0]), _two((~stopped).nonzero()[:, 0])
            factor = curve.factor.index_select(0, done)
            ended = _finish(batch.take(done), W[done], now.take(done), factor, move[done], decrement[done])
            out.put(active[done], ended)
            if len(going) == 0:
                break
            batch, now = batch.take(going), now.take(going)
            active, trust, W, move, decrement, a_move, b_move = (
                t.index_select(0, going) for t in (active, trust, W, move, decrement, a_move, b_move)
            )
        length = trust * (LONGEST * decrement.clamp_min(TINY).rsqrt()).clamp_max(1.0)
        W_next = W + length[:, None, None] * move.reshape(-1, d, d)
        then = sinkhorn(batch, W_next, now.a + length[:, None] * a_move, now.b + length[:, None] * b_move)
        failed = ~(then.penalised >= now.penalised - ROUNDING * (1 + now.penalised.abs()))
        trust = torch.where(failed, trust * SHRINK, 1.0)
        if bool(failed.any()):
            back = failed.nonzero()[:, 0]
            W_next[back] = W[back]
            for f in fields(then):
                getattr(then, f.name)[back] = getattr(now, f.name)[back]
        W, now = W_next, then
    return out


def _two(index: Tensor) -> Tensor:
    """A pair alone is computed twice: torch multiplies a matrix by a vector in another order, and so to
    other bits, when there is one in the batch; otherwise a pair's bits don't depend on its neighbours."""
    return index.repeat(2) if len(index) == 1 else index


@dataclass(frozen=True)
class _Curvature:
    """Gradient (B, d, d), Cholesky factor of H + ridge (B, d^2, d^2), and what moves a and b along."""

    gradient: Tensor
    factor: Tensor
    projection: Tensor
    residual: Tensor
    v: Tensor
    M: Tensor
    root_x: Tensor
    root_y: Tensor

    def follow(self, move: Tensor) -> tuple[Tensor, Tensor]:
        """First-order changes of a and b (B, G) along a move (B, d^2, 1) of W."""
        z = torch.linalg.solve_triangular(self.projection.mT, self.residual @ move, upper=True)
        a_move = -self.root_x * z[:, :, 0]
        return a_move, -self.root_y * (self.v @ move - self.M.mT @ z)[:, :, 0]


def _curvature(batch: Batch, W: Tensor, now: Potentials) -> _Curvature:
    p, A, B = now.p, batch.left, batch.right
    count, G, d = A.shape
    px, py = p.sum(2), p.sum(1)
    root_x, root_y = px.clamp_min(TINY).rsqrt(), py.clamp_min(TINY).rsqrt()
    pA, pB = p.mT @ A, p @ B
    gradient = batch.scores - A.mT @ pB - batch.ridge * W
    M = p * root_x[:, :, None] * root_y[:, None, :]
    u = ((A * root_x[:, :, None])[:, :, :, None] * pB[:, :, None, :]).reshape(count, G, d * d)
    v = (pA[:, :, :, None] * (B * root_y[:, :, None])[:, :, None, :]).reshape(count, G, d * d)
    s = px * root_x
    K = torch.baddbmm(s[:, :, None] * s[:, None, :], M, M.mT, alpha=-1)
    K.diagonal(dim1=1, dim2=2).add_(1 + PROJECTION_FLOOR)
    projection = torch.linalg.cholesky_ex(K)[0]
    residual = torch.linalg.solve_triangular(projection, u - M @ v, upper=False)
    both = torch.cat([v, residual], 1)
    H = torch.baddbmm(_second_moments(p, A, B), both.mT, both, alpha=-1)
    H.diagonal(dim1=1, dim2=2).add_(batch.ridge.reshape(count, d * d))
    factor, info = torch.linalg.cholesky_ex(H)
    if bool(info.any()):
        # float32 lost the small eigenvalues of a very sharp pair: lift them by what rounding can have taken.
        bad = info.nonzero()[:, 0]
        lifted = H[bad]
        diagonal = lifted.diagonal(dim1=1, dim2=2)
        diagonal += 1e-3 * diagonal.abs().amax(1, keepdim=True)
        factor[bad] = torch.linalg.cholesky_ex(lifted)[0]
    return _Curvature(gradient, factor, projection, residual, v, M, root_x, root_y)


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


def _finish(batch: Batch, W: Tensor, now: Potentials, factor: Tensor, move: Tensor, decrement: Tensor) -> Fit:
    """The fit where a pair stopped. Its value gains what the quadratic model says of the step not taken."""
    d = W.shape[1]
    ridge = batch.ridge.reshape(-1, d * d)
    inverse = torch.cholesky_inverse(factor)
    edf = d * d - (ridge * inverse.diagonal(dim1=1, dim2=2)).sum(1)
    shrunk = ridge[:, :, None] * inverse
    spread = 2 * edf - d * d + (shrunk * shrunk.mT).sum((1, 2))
    T = (batch.left @ W) @ batch.right.mT + now.a[:, :, None] + now.b[:, None, :]
    mean = (now.p * T).sum((1, 2))
    variance = (now.p * (T - mean[:, None, None]) ** 2).sum((1, 2))
    left_over = move[:, :, 0]
    gain = decrement / 2 + (ridge * left_over * (W.reshape(-1, d * d) + left_over / 2)).sum(1)
    value = now.bound + torch.where(decrement < STOP, gain, 0.0)
    return Fit(W, now.a, now.b, value, edf, spread, variance)
