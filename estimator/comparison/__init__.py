"""NIF's attribution beside SHAP, Integrated Gradients and plain MI. Start at `comparing.py`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estimator.comparison.comparing import compare
    from estimator.comparison.options import ComparisonOptions
    from estimator.comparison.result import Comparison

# Loaded on first use: the API reads the options, and must not load what computes.
_FROM = {"Comparison": "result", "ComparisonOptions": "options", "compare": "comparing"}

__all__ = ["Comparison", "ComparisonOptions", "compare"]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(f"estimator.comparison.{_FROM[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
