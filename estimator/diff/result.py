"""What a diff finds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.diff.alignment import Alignment
from estimator.diff.attributions import AttributionsWithErrors
from estimator.diff.changes import Tested
from estimator.diff.edges import EdgePair
from estimator.diff.options import DiffOptions
from estimator.diff.probes import ProbePair
from estimator.diff.silence import silent_changes
from estimator.network import FlowNetwork


@dataclass(frozen=True)
class NetworkDiff:
    """head against base; every array is in the base's order of layers and neurons.

    edges, edge_tests: one entry an entry of `base.edges`. probes, probe_tests: one a probe that both have,
    and of each one a layer. attributions: (base, head), inputs x outputs, None where they are too large.
    head is read with the base's beta and alpha; head_beta, head_alpha: those that it was made with.
    """

    base: FlowNetwork
    head: FlowNetwork
    options: DiffOptions
    alignment: Alignment
    edges: tuple[EdgePair, ...]
    edge_tests: tuple[Tested, ...]
    probes: tuple[ProbePair, ...]
    probe_tests: tuple[tuple[Tested, ...], ...]
    attributions: tuple[AttributionsWithErrors, AttributionsWithErrors] | None
    attribution_tests: Tested | None
    head_beta: float
    head_alpha: float

    def found(self, tested: Tested) -> NDArray[np.bool_]:
        """Which of these are reported, by the options."""
        return tested.found(self.options.alpha, self.options.least)

    @property
    def empty(self) -> bool:
        """Whether nothing is reported as changed."""
        tests = [*self.edge_tests, *(t for tests in self.probe_tests for t in tests)]
        tests += [] if self.attribution_tests is None else [self.attribution_tests]
        return not any(self.found(t).any() for t in tests) and not silent_changes(
            self.base, self.head, self.alignment
        )
