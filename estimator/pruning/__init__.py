"""Cutting neurons out of a model's graph: a smaller ONNX file that computes the same."""

from estimator.pruning.options import PruningOptions
from estimator.pruning.result import Pruned
from estimator.pruning.study import prune

__all__ = ["Pruned", "PruningOptions", "prune"]
