"""What an ablation found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from estimator.ablation.candidates import Candidates, Neuron
from estimator.ablation.choosing import Series
from estimator.ablation.control import Control
from estimator.ablation.options import AblationOptions
from estimator.network import neuron_id
from estimator.scoring.bootstrap import Interval
from estimator.scoring.metrics import HIGHER_IS_BETTER
from estimator.scoring.truth import Truth


@dataclass(frozen=True)
class Point:
    """The metric with the first k neurons of a series cut.

    difference: after minus before, paired by rows. lost, gained: rows that were right before and are wrong
    now, and the other way round; None unless the metric is accuracy. largest_change: of any output in any
    row; 0 where the cut changes nothing at all.
    """

    k: int
    after: Interval
    difference: Interval
    lost: int | None
    gained: int | None
    largest_change: float
    control: Control

    def as_dict(self) -> dict[str, Any]:
        return {
            "k": self.k,
            "after": self.after.as_dict(),
            "difference": self.difference.as_dict(),
            "lost": self.lost,
            "gained": self.gained,
            "largest_change": self.largest_change,
            "control": self.control.as_dict(),
        }


@dataclass(frozen=True)
class Ablation:
    """before: the metric of the model as it is. measured: the points of each series, one a count of it."""

    options: AblationOptions
    candidates: Candidates
    truth: Truth
    rows: int
    before: Interval
    series: tuple[Series, ...]
    measured: tuple[tuple[Point, ...], ...]
    provenance: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Plain JSON values."""
        network = self.candidates.network
        return {
            "options": self.options.as_dict(),
            "model_sha256": self.provenance["model_sha256"],
            "data_sha256": self.provenance["data_sha256"],
            "beta": network.beta,
            "alpha": network.alpha,
            "rows": self.rows,
            "target": self.truth.column,
            "metric": self.truth.metric,
            "higher_is_better": HIGHER_IS_BETTER[self.truth.metric],
            "classes": list(self.truth.classes),
            "layers": [
                {"index": i, "name": network.layers[i].name, "size": self.candidates.whole_size(i),
                 "measured": network.layers[i].size}
                for i in self.candidates.layers
            ],
            "before": self.before.as_dict(),
            "series": [
                {
                    "order": series.order,
                    "neurons": self._neurons(series),
                    "kept": [neuron_id(*neuron) for neuron in series.kept],
                    "points": [point.as_dict() for point in points],
                }
                for series, points in zip(self.series, self.measured, strict=True)
            ],
        }  # fmt: skip

    def _neurons(self, series: Series) -> list[dict[str, Any]]:
        scores = series.scores or (None,) * len(series.neurons)
        return [
            self._neuron(neuron) | {"score": score}
            for neuron, score in zip(series.neurons, scores, strict=True)
        ]

    def _neuron(self, neuron: Neuron) -> dict[str, Any]:
        return {
            "id": neuron_id(*neuron),
            "name": self.candidates.name(neuron),
            "layer": self.candidates.network.layers[neuron[0]].name,
            "silent": self.candidates.silent(neuron),
        }
