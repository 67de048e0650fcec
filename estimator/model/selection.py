"""What of a large model is measured: chosen layers, and a sample of the neurons of wide ones.

1. Chosen layers: those named, and always the inputs and outputs. A layer that is left out is passed through:
   what it would have fed has its sources as sources.
2. Sampled neurons: of each layer with more, that many, drawn without replacement with the analysis' seed;
   each layer draws for itself, so that a layer's sample does not hang on the others.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from estimator.errors import InvalidParameter, Place
from estimator.model.plan import ModelPlan, PlannedLayer
from estimator.options import Options

Floats = NDArray[np.float64]
_MOST_LISTED = 20


@dataclass(frozen=True)
class Selection:
    """run: the plan of the layers to compute, whole. measured: the same with only the neurons measured.

    neurons: positions of these in each layer, None for all. said: sentences for the result.
    """

    run: ModelPlan
    measured: ModelPlan
    neurons: tuple[NDArray[np.int64] | None, ...]
    said: tuple[str, ...]

    def of(self, activations: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """The measured columns of each layer's (n, size)."""
        return tuple(
            X if chosen is None else np.ascontiguousarray(X[:, chosen])
            for X, chosen in zip(activations, self.neurons, strict=True)
        )


def select(plan: ModelPlan, options: Options) -> Selection:
    """Raises InvalidParameter for a layer that is not there."""
    run, said = _restricted(plan, options.layers)
    most, samples = options.sample_neurons, list[NDArray[np.int64] | None]()
    layers = []
    for layer in run.layers:
        if most is None or layer.size <= most:
            samples.append(None)
            layers.append(layer)
            continue
        # The index in the whole model: choosing layers draws no other neurons.
        original = next(kept.index for kept in plan.layers if kept.name == layer.name)
        rng = np.random.default_rng([options.seed, original])
        drawn = np.sort(rng.choice(layer.size, most, replace=False))
        samples.append(drawn)
        layers.append(replace(layer, size=most, neurons=tuple(layer.neurons[i] for i in drawn)))
        said.append(
            f"Layer {layer.name!r} was sampled: {most} of its {layer.size} neurons, drawn with seed "
            f"{options.seed}; its other neurons are not in the network, and redundancy is over the sample."
        )
    return Selection(run, replace(run, layers=tuple(layers)), tuple(samples), tuple(said))


def _restricted(plan: ModelPlan, chosen: tuple[str, ...]) -> tuple[ModelPlan, list[str]]:
    if not chosen:
        return plan, []
    names = [layer.name for layer in plan.layers]
    for name in chosen:
        if name not in names:
            some = ", ".join(map(repr, names[:_MOST_LISTED])) + (", ..." if len(names) > _MOST_LISTED else "")
            detail = f"layers holds {name[:120]!r}; the model's layers are {some}"
            raise InvalidParameter(detail, errors=[Place(detail, field="layers")])
    kept = [layer for layer in plan.layers if layer.name in chosen or layer.kind != "hidden"]
    if len(kept) == len(plan.layers):
        return plan, []
    new = {layer.index: position for position, layer in enumerate(kept)}
    reach: dict[int, set[int]] = {}  # layer -> the nearest kept layers that reach it
    for layer in plan.layers:  # a topological order
        sources = [source for source, consumer in plan.links if consumer == layer.index]
        reach[layer.index] = {k for s in sources for k in ({s} if s in new else reach[s])}
    links = sorted((new[s], new[layer.index]) for layer in kept for s in reach[layer.index])
    layers: tuple[PlannedLayer, ...] = tuple(
        replace(layer, index=position) for position, layer in enumerate(kept)
    )
    left_out = [name for name in names if name not in {layer.name for layer in kept}]
    said = (
        f"{len(left_out)} of {len(names)} layers were left out as asked; an edge past them says what the "
        "consumer knows of the source through all of them."
    )
    return replace(plan, layers=layers, links=tuple(links)), [said]
