"""What a comparison finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimator.comparison.agreement import Correlation, Nearness, ranks
from estimator.comparison.deletion import Deletion
from estimator.comparison.options import ComparisonOptions

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Attribution:
    """values, shares: (p, k). unit: of the values. facts: how they were computed, plain JSON values."""

    method: str
    values: Floats
    shares: Floats
    unit: str
    facts: Mapping[str, Any]

    @property
    def importance(self) -> Floats:
        """(p,) of each feature: the mean of its shares over the outputs."""
        return np.asarray(self.shares.mean(axis=1), dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "unit": self.unit,
            "values": self.values.tolist(),
            "shares": self.shares.tolist(),
            "importance": self.importance.tolist(),
            "ranks": ranks(self.importance).tolist(),
            "facts": dict(self.facts),
        }


@dataclass(frozen=True)
class Comparison:
    """methods: as asked. references: what they are held against by Kolmogorov-Smirnov.

    target: the column of the labels, None without. warnings: sentences that belong to the result.
    """

    options: ComparisonOptions
    rows: int
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    target: str | None
    methods: tuple[Attribution, ...]
    references: tuple[Attribution, ...]
    correlations: tuple[Correlation, ...]
    nearness: tuple[Nearness, ...]
    deletion: Deletion | None
    beta: float
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Plain JSON values; matrices are [feature][output]."""
        removal = self.deletion
        return {
            "options": self.options.as_dict(),
            "beta": self.beta,
            "rows": self.rows,
            "features": list(self.features),
            "outputs": list(self.outputs),
            "target": self.target,
            "methods": [method.as_dict() for method in self.methods],
            "references": [reference.as_dict() for reference in self.references],
            "correlations": [one.as_dict() for one in self.correlations],
            "ks": [one.as_dict(self.outputs) for one in self.nearness],
            "deletion": None if removal is None else removal.document(self.features, self.options.replace),
            "warnings": list(self.warnings),
        }
