"""Which neuron of the head is which of the base: by what the inputs are called, the model's bytes, the
neurons' names, or their activations on shared rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from estimator.diff.assignment import Assignment, assign
from estimator.diff.both_models import measured_activations
from estimator.diff.options import DiffOptions
from estimator.diff.sides import Side
from estimator.errors import InvalidParameter, Place
from estimator.network import Layer
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits

Floats = NDArray[np.float64]
By = Literal["model", "names", "position", "activations"]
# |rho| below this: two neurons that share less than a quarter of their ranks' variance.
ALIKE = 0.5


@dataclass(frozen=True)
class AlignedLayer:
    """One layer of the base beside one of the head; arrays over the base's n neurons.

    partner: index of each neuron's counterpart in the head's layer, a permutation. by: how it was found.
    matched: similarity and confidence of each, where the layer was matched by activations.
    """

    base: int
    head: int
    partner: NDArray[np.int64]
    by: By
    matched: Assignment | None = None

    @property
    def moved(self) -> int:
        return int(np.count_nonzero(self.partner != np.arange(len(self.partner))))

    @property
    def alike(self) -> NDArray[np.bool_]:
        """Whether each neuron has a counterpart that does alike, as far as that was asked."""
        if self.matched is None:
            return np.ones(len(self.partner), dtype=np.bool_)
        strange: NDArray[np.bool_] = self.matched.similarity < ALIKE
        return ~strange

    @property
    def strangers(self) -> int:
        """How many neurons have no counterpart that does alike."""
        return int(np.count_nonzero(~self.alike))


@dataclass(frozen=True)
class Alignment:
    """layers: one a layer of the base, in order. rows: shared rows that activations were compared on."""

    layers: tuple[AlignedLayer, ...]
    rows: int | None = None

    @property
    def by(self) -> By:
        """How the hidden layers were aligned, all in one way."""
        ways = [layer.by for layer in self.layers]
        return next((by for by in ("activations", "model", "names") if by in ways), "position")


def align(
    base: Side,
    head: Side,
    pairing: Sequence[int],
    options: DiffOptions,
    progress: Progress = silent,
    limits: RunLimits | None = None,
) -> Alignment:
    """pairing: position of each base layer's counterpart in the head (`structure.paired_layers`).

    Raises InvalidParameter where the asked way is not possible, and what running a model raises.
    """
    pairs = list(zip(base.network.layers, (head.network.layers[i] for i in pairing), strict=True))
    table = base.table if base.table is not None else head.table
    hashes = [side.network.provenance.get("model_sha256") for side in (base, head)]
    same_model = hashes[0] is not None and hashes[0] == hashes[1]
    if options.align == "activations" or (options.align == "auto" and not same_model):
        if base.model is not None and head.model is not None and table is not None:
            values = measured_activations(base, base.model, "base", table, progress, limits)
            others = measured_activations(head, head.model, "head", table, progress, limits)
            return Alignment(tuple(_by_activations(a, b, values, others) for a, b in pairs), table.rows)
        if options.align == "activations":
            detail = (
                "align is 'activations'; that needs both models and a table: give them, or align by names"
            )
            raise InvalidParameter(detail, errors=[Place(detail, field="align")])
    if same_model and options.align == "auto":
        return Alignment(tuple(replace(_by_names(a, b), by="model") for a, b in pairs))
    return Alignment(tuple(_by_names(a, b) for a, b in pairs))


def _by_activations(
    base: Layer, head: Layer, values: Sequence[Floats], others: Sequence[Floats]
) -> AlignedLayer:
    """Inputs and outputs mean what they are called; only hidden neurons are matched."""
    if base.kind != "hidden":
        return _by_names(base, head)
    found = assign(values[base.index], others[head.index])
    return AlignedLayer(base.index, head.index, found.partner, "activations", found)


def _by_names(base: Layer, head: Layer) -> AlignedLayer:
    """Names are unique within a layer. An output layer's may differ wholly: then by position."""
    if base.neurons == head.neurons:
        return _straight(base, head, "names")
    if set(base.neurons) != set(head.neurons):
        if base.kind == "output":
            return _straight(base, head, "position")
        if _numbered(base) and _numbered(head):
            return _straight(base, head, "names")
        detail = (
            f"the neurons of layer {base.name!r} have other names in head, or others were sampled; give both "
            "models and a table, so that they can be matched by their activations"
        )
        raise InvalidParameter(detail, errors=[Place(detail, field="align", node=base.name)])
    position = {name: at for at, name in enumerate(head.neurons)}
    partner = np.array([position[name] for name in base.neurons], dtype=np.int64)
    return AlignedLayer(base.index, head.index, partner, "names")


def _numbered(layer: Layer) -> bool:
    """Whether the neurons' names are the layer's own with their number: equal but for the layer's name."""
    suffixes = [name.removeprefix(layer.name) for name in layer.neurons]
    return all(suffix in (f"[{i}]", f".{i}", f"_{i}", f":{i}") for i, suffix in enumerate(suffixes))


def _straight(base: Layer, head: Layer, by: By) -> AlignedLayer:
    return AlignedLayer(base.index, head.index, np.arange(base.size, dtype=np.int64), by)
