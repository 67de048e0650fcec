"""A round of Newton's ascent of the Donsker-Varadhan bound in W, for a batch of pairs.

1. Sinkhorn: two sweeps from the last a and b (`sinkhorn`); never lowers the bound F.
2. Second derivatives H of F with a and b profiled out (`curvature`), once a round: they cost as much as all
   of the rest, and near the optimum hardly change.
3. MOVES times: gradient of the profile, S - A'pB - ridge * W; step (H + ridge)^-1 gradient, of length
   min(1, 1.2/sqrt(decrement)), times .3 after a failure; a and b follow to first order.
4. A pair is at its optimum when the decrement has fallen to 2e-4 and H is that of a point nearby; the value
   then gains what the quadratic model says of the step not taken. Otherwise it needs another round.
"""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from estimator.mutual_information.convex.curvature import (
    Curvature,
    curvature,
    effective,
    ridged_solution,
    spread,
)
from estimator.mutual_information.convex.fit import Fit
from estimator.mutual_information.convex.sinkhorn import TINY, Batch, Potentials, alone, sinkhorn

MOVES = 2
STOP = 2e-4
# Moves of more than this decrement in all make H another one.
NEAR, NEARER = 0.05, 0.02
LONGEST = 1.2
SHRINK = 0.3
# A loss of less than this is rounding, not a failure.
ROUNDING = 1e-6
# The next ridge is weaker by this.
WEAKER = 10.0
# The quadratic model foresees gains of the bound too low, mostly by less than DOUBT. Where v is above SHARP
# it foresees neither gains nor edf: those pairs are tried.
DOUBT, SHARP = 1.5, 0.2


@dataclass(frozen=True)
class Known:
    """H and the inverse of H + ridge (B, d^2, d^2) from elsewhere, nearly those of a start."""

    H: Tensor
    inverse: Tensor


def judged(batch: Batch, start: Fit, known: Known, drift: Tensor, *, ahead: bool = False) -> Fit:
    """The start as a fit, without a move, H being as known; `left` says whether that will do."""
    now = sinkhorn(batch, start.W, start.a, start.b)
    return _finish(batch, start.W, now, known, _gradient(batch, start.W, now), drift, start.trust, ahead)


def newton(
    batch: Batch, start: Fit, *, bar: Tensor | None = None, ahead: bool = False, careful: bool = False
) -> tuple[Fit, Known]:
    """A round from the start, and the derivatives it used.

    bar: (B,) the criterion to beat; pairs that the quadratic model says are far from it are not followed,
    and come back with value -inf and a promise. ahead: whether to find the promise of all. careful: for pairs
    that are slow to converge.
    """
    now = sinkhorn(batch, start.W, start.a, start.b)
    pA, pB = now.p.mT @ batch.left, now.p @ batch.right
    curve = curvature(now.p, batch.left, batch.right, pA, pB, batch.ridge)
    known, gradient = Known(curve.H, curve.inverse), _gradient(batch, start.W, now, pB)
    if bar is not None:
        ridge = batch.ridge.reshape(len(bar), -1)
        move, edf = curve.inverse @ gradient, effective(curve.inverse, ridge)
        far = _criterion(batch, start.W, now, ridge, gradient, move, edf) < bar
        if bool(far.any()):
            out = Fit.start(start.W, start.a, start.b)
            out.value[far] = -torch.inf
            at = alone(far.nonzero()[:, 0])
            out.left[at] = 0.0
            out.promise[at] = _promise(batch.take(at), start.W[at], now.take(at), curve.H[at], gradient[at])
            near = alone((~far).nonzero()[:, 0])
            if len(near):
                taken = batch.take(near), start.take(near), now.take(near), curve.take(near), gradient[near]
                out.put(near, _moved(*taken, ahead, careful))
            return out, known
    return _moved(batch, start, now, curve, gradient, ahead, careful), known


def approach(batch: Batch, start: Fit) -> tuple[Fit, Known]:
    """A round for W, a and b alone, and the derivatives; `left` says whether H is that of a point nearby."""
    now = sinkhorn(batch, start.W, start.a, start.b)
    pA, pB = now.p.mT @ batch.left, now.p @ batch.right
    curve = curvature(now.p, batch.left, batch.right, pA, pB, batch.ridge)
    W, now, _, drift, trust = _climbed(batch, start, now, curve, _gradient(batch, start.W, now, pB), False)
    out = replace(start, W=W, a=now.a, b=now.b, trust=trust, left=drift)
    return out, Known(curve.H, curve.inverse)


def _moved(
    batch: Batch, start: Fit, now: Potentials, curve: Curvature, gradient: Tensor, ahead: bool, careful: bool
) -> Fit:
    W, now, gradient, drift, trust = _climbed(batch, start, now, curve, gradient, careful)
    return _finish(batch, W, now, Known(curve.H, curve.inverse), gradient, drift, trust, ahead)


def _climbed(
    batch: Batch, start: Fit, now: Potentials, curve: Curvature, gradient: Tensor, careful: bool
) -> tuple[Tensor, Potentials, Tensor, Tensor, Tensor]:
    """After MOVES: W, the potentials, the gradient, how far it went, and the trust in the next step."""
    W, trust, d = start.W, start.trust, start.W.shape[1]
    drift = torch.zeros_like(trust)
    for _ in range(MOVES):
        move = curve.inverse @ gradient
        decrement = (gradient.mT @ move)[:, 0, 0]
        length = trust * (LONGEST * decrement.clamp_min(TINY).rsqrt()).clamp_max(1.0)
        a_move, b_move = curve.follow(move)
        W_next = W + length[:, None, None] * move.reshape(-1, d, d)
        then = sinkhorn(batch, W_next, now.a + length[:, None] * a_move, now.b + length[:, None] * b_move)
        if careful:
            a_move, b_move = curve.settle(batch.right_weights - then.p.sum(1))
            settled = sinkhorn(batch, W_next, then.a + a_move, then.b + b_move)
            then = _where(settled.penalised > then.penalised, settled, then)
        failed = ~(then.penalised >= now.penalised - ROUNDING * (1 + now.penalised.abs()))
        trust = torch.where(failed, trust * SHRINK, 1.0)
        drift = torch.where(failed, drift, drift + decrement)
        if bool(failed.any()):
            W_next = torch.where(failed[:, None, None], W, W_next)
            then = _where(failed, now, then)
        W, now = W_next, then
        gradient = _gradient(batch, W, now)
    return W, now, gradient, drift, trust


def _where(choice: Tensor, one: Potentials, other: Potentials) -> Potentials:
    pairs = ((getattr(one, f.name), getattr(other, f.name)) for f in fields(Potentials))
    return Potentials(*(torch.where(choice.reshape(-1, *[1] * (t.dim() - 1)), t, o) for t, o in pairs))


def _gradient(batch: Batch, W: Tensor, now: Potentials, pB: Tensor | None = None) -> Tensor:
    """Of the penalised profile: (B, d^2, 1)."""
    pB = now.p @ batch.right if pB is None else pB
    gradient = torch.baddbmm(batch.scores, batch.left.mT, pB, alpha=-1) - batch.ridge * W
    return gradient.reshape(len(W), -1, 1)


def _gain(ridge: Tensor, W: Tensor, move: Tensor, decrement: Tensor) -> Tensor:
    """What the quadratic model says that the bound, without the ridge, gains by a move (B, d^2): (B,)."""
    return decrement / 2 + (ridge * move * (W + move / 2)).sum(1)


def _criterion(
    batch: Batch, W: Tensor, now: Potentials, ridge: Tensor, pull: Tensor, move: Tensor, edf: Tensor
) -> Tensor:
    """v - edf/n as the quadratic model says it may be after a move, pull being the gradient: (B,)."""
    gain = _gain(ridge, W.reshape(len(W), -1), move[:, :, 0], (pull.mT @ move)[:, 0, 0])
    return torch.where(now.bound < SHARP, now.bound + DOUBT * gain - edf / batch.n, torch.inf)


def _promise(batch: Batch, W: Tensor, now: Potentials, H: Tensor, gradient: Tensor) -> Tensor:
    weaker = (batch.ridge / WEAKER).reshape(len(W), -1)
    pull = gradient + ((1 - 1 / WEAKER) * batch.ridge * W).reshape(len(W), -1, 1)
    return _criterion(batch, W, now, weaker, pull, *ridged_solution(H, weaker, pull))


def _finish(
    batch: Batch,
    W: Tensor,
    now: Potentials,
    known: Known,
    gradient: Tensor,
    drift: Tensor,
    trust: Tensor,
    ahead: bool,
) -> Fit:
    """The fit at a point. Where it has converged, its value gains what is left by the quadratic model."""
    count = len(W)
    ridge, inverse = batch.ridge.reshape(count, -1), known.inverse
    move = inverse @ gradient
    decrement = (gradient.mT @ move)[:, 0, 0]
    edf = effective(inverse, ridge)
    T = (batch.left @ W) @ batch.right.mT + now.a[:, :, None] + now.b[:, None, :]
    mean = (now.p * T).sum((1, 2))
    variance = (now.p * (T - mean[:, None, None]) ** 2).sum((1, 2))
    gain = _gain(ridge, W.reshape(count, -1), move[:, :, 0], decrement)
    near = (decrement < STOP) & (drift < torch.where(now.bound < SHARP, NEAR, NEARER))
    value = now.bound + torch.where(near, gain, 0.0)
    left = torch.where(near, 0.0, 1.0)
    promise = _promise(batch, W, now, known.H, gradient) if ahead else torch.full_like(value, torch.inf)
    return Fit(W, now.a, now.b, value, edf, spread(inverse, ridge, edf), variance, left, trust, promise)
