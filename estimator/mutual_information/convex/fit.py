"""What is known of a batch of pairs after a round of the ascent."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class Fit:
    """Where B pairs are: W, a, b; value: the bound without ridge, in nats.

    edf: tr h, effective parameters, h = H(H + ridge)^-1; spread: tr h^2; variance: of T under p. left:
    0 at the optimum, 1 where another round is needed. trust: how much of a step to try next.
    promise: the criterion v - edf/n that a weaker ridge may reach, by the quadratic model; infinite where
    that was not asked.
    """

    W: Tensor
    a: Tensor
    b: Tensor
    value: Tensor
    edf: Tensor
    spread: Tensor
    variance: Tensor
    left: Tensor
    trust: Tensor
    promise: Tensor

    @staticmethod
    def start(W: Tensor, a: Tensor, b: Tensor) -> "Fit":
        """Nothing known but where to start."""
        return Fit(
            W,
            a,
            b,
            *(W.new_full((len(W),), torch.inf) for _ in range(4)),
            *(W.new_ones(len(W)) for _ in range(3)),
        )

    def slice(self, part: slice) -> "Fit":
        return Fit(*(getattr(self, f.name)[part] for f in fields(self)))

    def take(self, index: Tensor) -> "Fit":
        return Fit(*(getattr(self, f.name).index_select(0, index) for f in fields(self)))

    @staticmethod
    def joined(parts: "list[Fit]") -> "Fit":
        return Fit(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Fit)))

    def put(self, index: Tensor, other: "Fit") -> None:
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(other, f.name)
