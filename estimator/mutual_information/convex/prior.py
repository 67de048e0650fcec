"""How large the entries of W are expected to be: the ridge."""

import torch
from torch import Tensor

# Ridge strengths, from strong to weak.
LADDER = (0.003, 0.03, 0.3, 3.0)
SCALE, DECAY = 2.5, 0.75


def variances(degree: int, device: str | torch.device = "cpu") -> Tensor:
    """s_kl^2 = (2.5/(k l)^.75)^2, the prior variance of W_kl: (degree, degree) float64."""
    k = torch.arange(1, degree + 1, dtype=torch.float64, device=device)
    return (SCALE / (k[:, None] * k) ** DECAY) ** 2


def precision(degree: int, n: int, tau: Tensor) -> Tensor:
    """1/(n tau s_kl^2), the ridge of pairs with strengths tau (B,): (B, degree, degree) float64."""
    return 1 / (n * tau[:, None, None].double() * variances(degree, tau.device))


def shrinkage(degree: int, n: int, tau: float) -> Tensor:
    """h_kl = 1/(1 + 1/(n tau s_kl^2)): how much of a score is kept where the Hessian is 1."""
    return 1 / (1 + 1 / (n * tau * variances(degree)))
