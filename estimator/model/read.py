"""From the bytes of an ONNX file to the plan of its layers.

1. Screen the bytes (`screen.py`); only then is anything parsed.
2. Write out local functions and Ifs of a constant condition (`unfold.py`), and read the graph: nodes in
   order, who makes and who uses each tensor (`graph.py`).
3. Find what every tensor is, with the table of operators (`propagate.py`, `operators.py`).
4. Choose what the model returns (`interface.py`) and recognise the layers (`recognise.py`).
5. Name them, and hold widths and numbers of pairs against the limits.

Nothing is run here, and neither ONNX's checker nor its shape inference is called.
"""

import hashlib
from dataclasses import dataclass

import onnx

from estimator.model.graph import read_graph
from estimator.model.interface import feature_names, read_heads, read_inputs
from estimator.model.layers import check_pairs, plan_layers
from estimator.model.limits import ModelLimits
from estimator.model.plan import ModelPlan
from estimator.model.propagate import Flow, propagate
from estimator.model.recognise import recognise
from estimator.model.screen import screen
from estimator.model.unfold import unfold
from estimator.model.values import Shape

DEFAULT_LIMITS = ModelLimits()


@dataclass(frozen=True)
class ReadModel:
    """model: as it was written out. flow: what each of its tensors is. plan: its layers."""

    model: onnx.ModelProto
    flow: Flow
    plan: ModelPlan


def read_model(data: bytes, limits: ModelLimits = DEFAULT_LIMITS) -> ModelPlan:
    """Recognise the layers of an ONNX model from its bytes alone.

    Raises: InvalidModel (not a sound file), UnsupportedModel (sound, but cannot be analysed; names node and
    operator), LimitExceeded (names the limit).
    """
    return read_in_full(data, limits).plan


def read_in_full(data: bytes, limits: ModelLimits = DEFAULT_LIMITS) -> ReadModel:
    """As `read_model`, with the graph that the layers were found in."""
    model = unfold(screen(data, limits), limits)
    graph = read_graph(model.graph)
    inputs = read_inputs(graph, limits)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    opsets = {"" if o.domain == "ai.onnx" else o.domain: o.version for o in model.opset_import}
    shapes: dict[str, Shape] = {given.name: (None, *given.shape[1:]) for given in inputs}
    flow = propagate(graph, shapes, opsets, inputs[0].shape[0])
    found = recognise(flow, read_heads(flow, metadata, limits), limits)
    features = feature_names(metadata, inputs, limits)
    layers = plan_layers(flow.graph, found, inputs, features, limits)
    links = tuple(sorted((s, i) for i, f in enumerate(found) for s in f.sources))
    check_pairs(layers, links, limits)
    plan = ModelPlan(
        sha256=hashlib.sha256(data).hexdigest(),
        inputs=inputs,
        features=features,
        layers=layers,
        links=links,
        opset=opsets[""],
        ir_version=model.ir_version,
    )
    return ReadModel(model, flow, plan)
