"""Mutual information of all pairs of columns at once; see docs/estimators.md for which method to choose.

`mutual_information` and `mutual_information_within` are found on first use, so that importing this package
loads no torch.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estimator.mutual_information.pairs import mutual_information, mutual_information_within

__all__ = ["mutual_information", "mutual_information_within"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from estimator.mutual_information import pairs

        return getattr(pairs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _CallablePackage(ModuleType):
    """The public name `estimator.mutual_information` is both: this package, and called, its function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.mutual_information(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
