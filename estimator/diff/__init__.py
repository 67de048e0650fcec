"""What changed between two flow networks: `diff(base, head)`, its options and its result."""

from estimator.diff.networks import diff
from estimator.diff.options import DiffOptions
from estimator.diff.result import NetworkDiff
from estimator.diff.sides import Side

__all__ = ["DiffOptions", "NetworkDiff", "Side", "diff"]
