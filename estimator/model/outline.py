"""What was recognised in a model, as plain JSON values: for people, before anything is computed."""

from collections import Counter
from typing import Any

from estimator.model.plan import ModelPlan, PlannedLayer

MOST_NAMES = 200


def outline(plan: ModelPlan) -> dict[str, Any]:
    """The layers with what became part of each, what a neuron stands for, and their sources and consumers.

    Of a wide layer, the first MOST_NAMES neurons are named; `size` says how many there are.
    """
    return {
        "inputs": [{"name": i.name, "dtype": i.dtype, "shape": list(i.shape)} for i in plan.inputs],
        "layers": [_layer(plan, layer) for layer in plan.layers],
        "links": [
            {
                "source": source,
                "consumer": consumer,
                "pairs": plan.layers[source].size * plan.layers[consumer].size,
            }
            for source, consumer in plan.links
        ],
        "opset": plan.opset,
        "ir_version": plan.ir_version,
    }


def _layer(plan: ModelPlan, layer: PlannedLayer) -> dict[str, Any]:
    return {
        "index": layer.index,
        "name": layer.name,
        "kind": layer.kind,
        "level": layer.level,
        "size": layer.size,
        "neurons": list(layer.neurons[:MOST_NAMES]),
        "tensor": layer.tensor,
        "operators": list(layer.operators),
        "operator_counts": dict(Counter(layer.operators)),
        "meaning": layer.meaning,
        "sources": [source for source, consumer in plan.links if consumer == layer.index],
        "consumers": [consumer for source, consumer in plan.links if source == layer.index],
    }
