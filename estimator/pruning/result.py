"""A smaller model, and what became of each neuron."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from estimator.ablation.candidates import Candidates, Neuron
from estimator.network import neuron_id
from estimator.pruning.options import PruningOptions
from estimator.scoring.bootstrap import Interval

Fate = Literal["removed", "held at 0", "kept"]


@dataclass(frozen=True)
class PrunedNeuron:
    """fate: `removed` from the graph, its value folded into the next bias; `held at 0` where it had to go and
    its place could not; `kept` as it is. value: of a removed neuron. reason: of the others."""

    neuron: Neuron
    fate: Fate
    value: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Measured:
    """The metric before and after, and the difference, paired by rows."""

    column: str
    metric: str
    before: Interval
    after: Interval
    difference: Interval


@dataclass(frozen=True)
class Pruned:
    """model: the smaller ONNX file. bytes, parameters, nodes: before and after. checked: whether ONNX's
    checker finds nothing; False only where it refuses the original, too. to_original, to_fixed: how far its
    outputs are from the original's, and from the original's with the cut neurons at their values: largest,
    scaled (divided by the larger of 1 and the value), and tolerance for that. measured: the metric, or why
    there is none."""

    model: bytes
    sha256: str
    options: PruningOptions
    candidates: Candidates
    rows: int
    neurons: tuple[PrunedNeuron, ...]
    bytes: tuple[int, int]
    parameters: tuple[int, int]
    nodes: tuple[int, int]
    checked: bool
    to_original: Mapping[str, float]
    to_fixed: Mapping[str, float]
    latency: Mapping[str, Any]
    measured: Measured | str
    provenance: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Plain JSON values."""
        found = self.candidates
        removed = [n.neuron[0] for n in self.neurons if n.fate == "removed"]
        return {
            "options": self.options.as_dict(),
            "model_sha256": self.provenance["model_sha256"],
            "data_sha256": self.provenance["data_sha256"],
            "pruned_sha256": self.sha256,
            "rows": self.rows,
            "layers": [
                {"index": i, "name": found.network.layers[i].name, "before": found.whole_size(i),
                 "after": found.whole_size(i) - removed.count(i)}
                for i in found.layers
            ],
            "neurons": [self._neuron(neuron) for neuron in self.neurons],
            "bytes": _sides(self.bytes),
            "parameters": _sides(self.parameters),
            "nodes": _sides(self.nodes),
            "checked": self.checked,
            "to_original": dict(self.to_original),
            "to_fixed": dict(self.to_fixed),
            "latency": dict(self.latency),
            "metric": None
            if isinstance(self.measured, str)
            else {
                "target": self.measured.column,
                "metric": self.measured.metric,
                "before": self.measured.before.as_dict(),
                "after": self.measured.after.as_dict(),
                "difference": self.measured.difference.as_dict(),
            },
            "not_measured": self.measured if isinstance(self.measured, str) else None,
        }  # fmt: skip

    def _neuron(self, pruned: PrunedNeuron) -> dict[str, Any]:
        return {
            "id": neuron_id(*pruned.neuron),
            "name": self.candidates.name(pruned.neuron),
            "layer": self.candidates.network.layers[pruned.neuron[0]].name,
            "silent": self.candidates.silent(pruned.neuron),
            "fate": pruned.fate,
            "value": pruned.value,
            "reason": pruned.reason,
        }


def _sides(pair: tuple[int, int]) -> dict[str, int]:
    return {"before": pair[0], "after": pair[1]}
