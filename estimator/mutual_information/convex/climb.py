"""Choosing ridge and degree of every pair: up a ladder for as long as Akaike's criterion rises.

1. At degree 6 the ridge weakens along LADDER, warm-started, until v - edf/n first falls.
2. Then the degree rises by 2 at the ridge chosen, W padded with zeros, until the criterion falls (once it
   is tried again at ten times tau).
3. A rung is tried if there is reason to. Below .2 nats the quadratic model of the bound foresees what a
   weaker ridge would bring (`newton`), and the new entries of the gradient g what a degree would: of
   n sum h g^2 / (2 sum h) is asked to be above 1, and above a half where v > .1. From .2 nats on neither is
   to be believed: all are tried.
A rung whose v exceeds the smaller entropy of the two grids is rejected: no information is above it.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from estimator.mutual_information.convex.fit import Fit
from estimator.mutual_information.convex.newton import SHARP, WEAKER
from estimator.mutual_information.convex.prior import LADDER, precision
from estimator.mutual_information.convex.rounds import (
    FIRST_DEGREE,
    Pairs,
    criterion,
    each,
    features_of,
    fitted,
    grid_size,
)
from estimator.mutual_information.convex.sinkhorn import alone

# What is asked of gain over loss below FAINT nats, and from there to SHARP.
FAINT, EVEN, LENIENT = 0.1, 1.0, 0.5


@dataclass(frozen=True)
class Climbed:
    """For each pair: the fit chosen with its tau and degree, and whether the degree's cap ended the climb."""

    fit: Fit
    tau: Tensor
    degree: Tensor
    capped: Tensor


def climb(pairs: Pairs) -> Climbed:
    """Fit every pair."""
    count, device = len(pairs.left), pairs.scores.device
    tau = torch.full((count,), LADDER[0], device=device)
    everyone = torch.arange(count, device=device)
    fit = fitted(pairs, everyone, FIRST_DEGREE, tau, None)
    climbing = everyone
    for rung in LADDER[1:]:
        climbing = climbing[(fit.promise > criterion(pairs, fit))[climbing]]
        if len(climbing) == 0:
            break
        weaker = torch.full_like(tau[climbing], rung)
        tried = fitted(pairs, climbing, FIRST_DEGREE, weaker, fit.take(climbing))
        better = _better(pairs, climbing, FIRST_DEGREE, tried, fit)
        fit.put(climbing[better], tried.take(better.nonzero()[:, 0]))
        climbing = climbing[better]
        tau[climbing] = rung
    return _raise_degree(pairs, fit, tau)


def _raise_degree(pairs: Pairs, fit: Fit, tau: Tensor) -> Climbed:
    degree = torch.full_like(pairs.left, FIRST_DEGREE)
    retried = torch.zeros_like(pairs.left, dtype=torch.bool)
    climbing = torch.arange(len(tau), device=tau.device)
    for d in range(FIRST_DEGREE + 2, pairs.degree + 1, 2):
        climbing = climbing[_worth(pairs, climbing, d, tau, fit)]
        if len(climbing) == 0:
            break
        start = _padded(fit.take(climbing))
        tried = fitted(pairs, climbing, d, tau[climbing], start)
        better = _better(pairs, climbing, d, tried, fit)
        fit = _with_room(fit, d)
        fit.put(climbing[better], tried.take(better.nonzero()[:, 0]))
        promising = tried.promise > criterion(pairs, fit)[climbing]
        again = (~better & ~retried[climbing] & promising).nonzero()[:, 0]
        if len(again):
            members = climbing[again]
            retried[members] = True
            weaker = tau[members] * WEAKER
            tried = fitted(pairs, members, d, weaker, start.take(again))
            second = _better(pairs, members, d, tried, fit)
            fit.put(members[second], tried.take(second.nonzero()[:, 0]))
            tau[members[second]] = weaker[second]
            better[again[second]] = True
        climbing = climbing[better]
        degree[climbing] = d
    capped = (degree == pairs.degree) & (pairs.degree > FIRST_DEGREE)
    return Climbed(fit, tau, degree, capped)


def _better(pairs: Pairs, index: Tensor, degree: int, tried: Fit, before: Fit) -> Tensor:
    """Where Akaike's criterion rose, and v stayed possible."""
    entropy = pairs.sides.entropy[grid_size(degree)]
    possible = tried.value <= torch.minimum(entropy[pairs.left[index]], entropy[pairs.right[index]])
    rose = criterion(pairs, tried) > criterion(pairs, before)[index]
    return possible & rose


def _worth(pairs: Pairs, index: Tensor, degree: int, tau: Tensor, fit: Fit) -> Tensor:
    """Which pairs have features of the next degree, and below SHARP a gradient there worth following."""
    kept = pairs.sides.degrees
    worth = torch.maximum(kept[pairs.left[index]], kept[pairs.right[index]]) > degree - 2
    unclear = (worth & (fit.value[index] < SHARP)).nonzero()[:, 0]

    def ratio(part: slice) -> Tensor:
        members = alone(index[unclear[part]])
        return _gain_over_loss(pairs, members, degree, tau[members], fit)[: len(unclear[part])]

    if len(unclear):
        least = torch.where(fit.value[index[unclear]] < FAINT, EVEN, LENIENT)
        worth[unclear] = torch.cat(each(ratio, pairs, len(unclear), degree)) > least
    return worth


def _gain_over_loss(pairs: Pairs, members: Tensor, degree: int, tau: Tensor, fit: Fit) -> Tensor:
    """n sum h g^2 / (2 sum h) over the entries that the degree adds: (members,).

    Were H the identity, as it is under independence: what the criterion would gain over what it would lose.
    """
    below = degree - 2
    size, side = grid_size(below), pairs.sides
    A, B = (features_of(side, of[members], size, degree) for of in (pairs.left, pairs.right))
    W = torch.nn.functional.pad(fit.W[members], (0, 2, 0, 2))
    T = (A @ W) @ B.mT
    T += (fit.a[members] + side.weights[size][pairs.left[members]].log())[:, :, None]
    T += (fit.b[members] + side.weights[size][pairs.right[members]].log())[:, None, :]
    gradient = pairs.scores[members, :degree, :degree] - A.mT @ (T.exp_() @ B)
    h = 1 / (1 + precision(degree, pairs.n, tau).float())
    h[:, :below, :below] = 0
    # entries of features that a column doesn't have count for nothing
    h *= (A.abs().amax(1) > 0)[:, :, None] & (B.abs().amax(1) > 0)[:, None, :]
    return (pairs.n / 2) * (h * gradient**2).sum((1, 2)) / h.sum((1, 2))


def _padded(fit: Fit) -> Fit:
    """With room in W for the next degree."""
    return replace(fit, W=torch.nn.functional.pad(fit.W, (0, 2, 0, 2)))


def _with_room(fit: Fit, degree: int) -> Fit:
    """With room for fits of the next degree. The a and b of those that stay below it are not used again."""
    size = grid_size(degree)
    if fit.a.shape[1] != size:
        fit = replace(fit, a=fit.a.new_zeros(len(fit.a), size), b=fit.b.new_zeros(len(fit.b), size))
    return _padded(fit)
