"""Cutting neurons out of a model and measuring what that costs: `ablate`, its options and its result.

Names are loaded on first use: the API knows the options and never computes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estimator.ablation.options import AblationOptions
    from estimator.ablation.result import Ablation
    from estimator.ablation.study import ablate

_FROM = {
    "Ablation": "estimator.ablation.result",
    "AblationOptions": "estimator.ablation.options",
    "ablate": "estimator.ablation.study",
}

__all__ = ["Ablation", "AblationOptions", "ablate"]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
