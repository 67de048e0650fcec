"""Neural critics of many pairs, trained together by gradient ascent on the Donsker-Varadhan bound.

A critic is T(x, y) = h(x)' Rx W Ry' k(y): h, k are layers of H tanh units of one variable each, one of them
always 1; W joins them; units and W are all trained. Rx, Ry are fixed: they make the units' starting values
orthogonal, or the ascent would crawl, and the k-th direction the smaller (k^-.75) the less the units vary
along it. W starts at 0, where T = 0 and the bound is 0.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_ONE = 20.0
# Share of a direction's variance, of the greatest, below which it is noise of float32.
_FLAT = 1e-4
_FADING = 0.75
# Steps without a better value on the rows not trained on, after which a pair is done; looked at every
# _LOOK steps. Units move at half the rate of W.
_PATIENCE, _LOOK, _UNIT_RATE = 40, 4, 0.5
# Adam's epsilon for W in units of 1/sqrt(rows), which is the size of a gradient that is noise: with it the
# steps of directions without signal stay small. For units a trifle.
_NOISE, _TRIFLE = 3.0, 1e-5


@dataclass(frozen=True)
class Side:
    """One variable of B pairs: node (B, G), mass (B, G) and basis R (B, H, H)."""

    node: Tensor
    mass: Tensor
    basis: Tensor

    def at(self, index: Tensor) -> "Side":
        return Side(self.node[index], self.mass[index], self.basis[index])


@dataclass(frozen=True)
class Critics:
    """Two critics, one a fold, of each of B pairs.

    weights: of units of x, weight and bias, of y, weight and bias: (2 B, H); of W: (2 B, H, H).
    step: (B,) where the ascent was best. last: the steps that were allowed.
    """

    weights: list[Tensor]
    step: Tensor
    last: int


def first_units(hidden: int, seed: int, device: str) -> tuple[Tensor, Tensor]:
    """Weights and biases (H,) that every unit of every pair starts from: bends spread evenly over [-1, 1].

    The last is the constant: tanh(_ONE) is 1 and its slope 0 in float32, so that it is never trained.
    """
    weight = 3 * torch.randn(hidden, generator=torch.Generator().manual_seed(seed))
    bias = -weight * torch.linspace(-1, 1, hidden)
    weight[-1], bias[-1] = 0, _ONE
    return weight.to(device), bias.to(device)


def units(node: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """h at the nodes (B, G): (B, G, H)."""
    return torch.tanh(node[:, :, None] * weight[:, None] + bias[:, None])


def starting_basis(node: Tensor, mass: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """R of p columns (p, H, H), from units that all start from weight and bias (H,)."""
    p = len(node)
    h = units(node, weight.expand(p, -1), bias.expand(p, -1)).double()
    variance, direction = torch.linalg.eigh((h * mass[:, :, None]).transpose(1, 2) @ h)
    variance, direction = variance.flip(1).clamp_min(0), direction.flip(2)
    fading = torch.arange(1, h.shape[2] + 1, device=h.device).double() ** -_FADING
    scale = fading / (variance + _FLAT * variance[:, :1]).sqrt()
    basis: Tensor = (direction * scale[:, None]).float()
    return basis


def critic_values(weights: list[Tensor], x: Side, y: Side) -> Tensor:
    """T at all nodes of x by all nodes of y, (B, G, G)."""
    hx, hy = units(x.node, *weights[:2]) @ x.basis, units(y.node, *weights[2:4]) @ y.basis
    return hx @ weights[4] @ hy.transpose(1, 2)


def log_mean_exp(values: Tensor, x: Side, y: Side) -> Tensor:
    """ln E[exp T] under the product of the marginals, exact on the grid: (B,)."""
    log_product = x.mass.log()[:, :, None] + y.mass.log()[:, None]
    return torch.logsumexp((values + log_product).flatten(1), 1)


def balanced(joint: Tensor, x: Side, y: Side) -> Tensor:
    """The joint (B, G, G) of a part of the rows, scaled to the margins of all rows by turns.

    The margins are known, so that what a fold's own margins say by chance is taken out before training.
    """
    for _ in range(4):
        rows = joint.sum(2)
        joint = joint * torch.where(rows > 0, x.mass / rows, 1.0).nan_to_num(1.0)[:, :, None]
        columns = joint.sum(1)
        joint = joint * torch.where(columns > 0, y.mass / columns, 1.0).nan_to_num(1.0)[:, None]
    return joint / joint.sum((1, 2), keepdim=True)


def gradient(weights: list[Tensor], x: Side, y: Side, trained: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
    """The gradient of each weight, T, and ln E[exp T]. trained: joint of the rows trained on, (B, G, G).

    Of <trained, T> - ln E[exp T]: trained - p is the gradient by T, p the product of the marginals tilted
    by exp T. With the exact p there is no bias to correct (arXiv 1801.04062, section 3.2, has minibatches
    and corrects by a moving average).
    """
    ux, uy = units(x.node, *weights[:2]), units(y.node, *weights[2:4])
    hx, hy = ux @ x.basis, uy @ y.basis
    left = hx @ weights[4]
    values = left @ hy.transpose(1, 2)
    log_mean = log_mean_exp(values, x, y)
    tilted = torch.exp(values - log_mean[:, None, None]) * x.mass[:, :, None] * y.mass[:, None]
    by_value = trained - tilted
    right = by_value @ hy
    out = []
    for side, u, by_h in (
        (x, ux, right @ weights[4].transpose(1, 2)),
        (y, uy, by_value.transpose(1, 2) @ left),
    ):
        bend = (by_h @ side.basis.transpose(1, 2)) * (1 - u**2)
        out += [(side.node[:, None] @ bend)[:, 0], bend.sum(1)]
    return [*out, hx.transpose(1, 2) @ right], values, log_mean


def ascend(
    x: Side, y: Side, trained: Tensor, held: Tensor, start: tuple[Tensor, Tensor], *, rows: int, rate: float,
    steps: int,
) -> Critics:  # fmt: skip
    """Train two critics for each pair, on either half of the rows; keep them at their best step.

    x, y, trained, held: two entries a pair, one a fold; `held` is the joint of the other half of the rows.
    The best step is where the bound on `held` is highest in the mean of both folds: early stopping is what
    keeps a critic from learning noise. Adam (Kingma and Ba 2014, arXiv:1412.6980) with a cosine schedule.
    """
    count, hidden = len(trained), len(start[0])
    unit = [start[0].repeat(count, 1), start[1].repeat(count, 1)]
    weights = [*unit, *(u.clone() for u in unit), trained.new_zeros(count, hidden, hidden)]
    kept = [w.clone() for w in weights]
    moments = [[torch.zeros_like(w) for w in weights] for _ in range(2)]
    best = trained.new_full((count // 2,), -torch.inf)
    best_step = torch.zeros(count // 2, dtype=torch.int64, device=trained.device)
    index = torch.arange(count, device=trained.device)  # of what is still being trained
    for step in range(steps):
        by_weight, values, log_mean = gradient(weights, x, y, trained)
        if step % _LOOK == 0:
            pair = index[::2] // 2
            value = ((held * values).sum((1, 2)) - log_mean).view(-1, 2).mean(1)
            better = value > best[pair]
            best[pair] = torch.where(better, value, best[pair])
            best_step[pair[better]] = step
            chosen = better.repeat_interleave(2)
            for weight, keep in zip(weights, kept, strict=True):
                keep[index[chosen]] = weight[chosen]
            going = (step - best_step[pair] < _PATIENCE).repeat_interleave(2)
            if not going.all():
                index, x, y, trained, held = (
                    index[going],
                    x.at(going),
                    y.at(going),
                    trained[going],
                    held[going],
                )
                weights, by_weight = [w[going] for w in weights], [g[going] for g in by_weight]
                moments = [[m[going] for m in moment] for moment in moments]
            if not len(index):
                break
        _adam(weights, by_weight, moments, step, steps, rate, _NOISE * rows**-0.5)
    return Critics(weights=kept, step=best_step, last=steps)


def _adam(
    weights: list[Tensor],
    by_weight: list[Tensor],
    moments: list[list[Tensor]],
    step: int,
    steps: int,
    rate: float,
    noise: float,
) -> None:
    """One step upwards, in place."""
    cosine = 0.5 * rate * (1 + float(torch.cos(torch.tensor(torch.pi * step / steps))))
    for i, (weight, by) in enumerate(zip(weights, by_weight, strict=True)):
        units_own = i < len(weights) - 1
        first, second = moments[0][i], moments[1][i]
        first.lerp_(by, 0.1)
        second.lerp_(by * by, 0.01)
        scale = (second / (1 - 0.99 ** (step + 1))).sqrt_().add_(_TRIFLE if units_own else noise)
        length = (_UNIT_RATE if units_own else 1.0) * cosine / (1 - 0.9 ** (step + 1))
        weight.addcdiv_(first, scale, value=length)
