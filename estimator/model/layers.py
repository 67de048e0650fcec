"""The layers as they will be measured: names, widths, what a neuron stands for; and the number of pairs."""

from collections import Counter

from estimator.model.graph import Graph
from estimator.model.interface import input_width
from estimator.model.limits import ModelLimits
from estimator.model.names import layer_name, made_unique
from estimator.model.places import LONGEST_SHOWN, beyond, operator, shown, unsupported_tensor
from estimator.model.plan import ModelInput, PlannedLayer
from estimator.model.recognise import Found
from estimator.model.values import FREE, Signal

_LONGEST_TOGETHER = 2**24  # characters of the names of a layer's neurons


def plan_layers(
    graph: Graph,
    found: list[Found],
    inputs: tuple[ModelInput, ...],
    features: tuple[str, ...] | None,
    limits: ModelLimits,
) -> tuple[PlannedLayer, ...]:
    """The layers by name and width.

    Raises: UnsupportedModel where a width isn't in the file; LimitExceeded.
    """
    names = made_unique([_name(graph, f, inputs, i) for i, f in enumerate(found)])
    layers = [_input_layer(names[0], inputs, features, limits)]
    for index, (name, f) in enumerate(zip(names, found, strict=True)):
        signal = f.signal
        if signal is None:
            continue
        width = signal.width
        if signal.merged:
            raise unsupported_tensor(f.tensor, "the layer's rows stand in one axis with something else")
        if width == FREE:
            raise unsupported_tensor(f.tensor, "the file does not say how many neurons this layer has")
        if width > limits.neurons:
            detail = f"neurons of layer {shown(name)}"
            raise beyond("neurons", detail, width, limits.neurons, tensor=f.tensor[:LONGEST_SHOWN])
        given = f.head.names if f.head is not None else None
        if not given or len(given) != width:
            given = _numbered(name, width, limits)
        rank = len(signal.shape)
        layers.append(
            PlannedLayer(
                index=index,
                name=name,
                kind="output" if f.head is not None else "hidden",
                level=f.level,
                tensor=f.tensor,
                size=width,
                neurons=given,
                neuron_axis=signal.axis if rank > 1 else 1,
                row_axis=signal.rows,
                operators=tuple(operator(graph.nodes[i]) for i in f.nodes),
                meaning=_meaning(graph.nodes[graph.producer[f.tensor]].op_type, signal),
                head_axis=signal.heads,
            )
        )
    return tuple(layers)


def _numbered(name: str, width: int, limits: ModelLimits) -> tuple[str, ...]:
    if len(name) * width > _LONGEST_TOGETHER:
        seen, most = len(name), _LONGEST_TOGETHER // width
        raise beyond("name_length", f"length of the name of a layer of {width} neurons", seen, most)
    return tuple(f"{name}.{i}" for i in range(width))


def _input_layer(
    name: str, inputs: tuple[ModelInput, ...], features: tuple[str, ...] | None, limits: ModelLimits
) -> PlannedLayer:
    columns: list[str] = []
    for given in inputs:
        width = input_width(given)
        columns += _numbered(given.name, width, limits) if width > 1 else [given.name]
    neurons = features or tuple(made_unique(columns))
    return PlannedLayer(
        index=0, name=name, kind="input", level=0, tensor=inputs[0].name, size=len(neurons), neurons=neurons
    )


def _name(graph: Graph, found: Found, inputs: tuple[ModelInput, ...], index: int) -> str:
    if found.signal is None:
        return inputs[0].name if len(inputs) == 1 else "inputs"
    own = layer_name([graph.nodes[i] for i in found.nodes], block=found.signal.heads is not None)
    if own is not None:
        return own
    return "output" if found.head is not None else f"layer{index}"


def _meaning(made_by: str, signal: Signal) -> str | None:
    rank, averaged = len(signal.shape), len(signal.shape) - 2 - (signal.heads is not None)
    if made_by in ("LSTM", "GRU", "RNN"):
        return "feature, mean over steps" if averaged else "feature after the last step"
    if signal.heads is not None or made_by == "Attention":
        return "feature of an attention head, mean over tokens"
    if averaged < 1 or rank <= 2:
        return None
    return "channel, mean over positions" if signal.axis == 1 else "feature, mean over positions"


def check_pairs(
    layers: tuple[PlannedLayer, ...], links: tuple[tuple[int, int], ...], limits: ModelLimits
) -> None:
    size = [layer.size for layer in layers]
    pairs: Counter[tuple[int, int]] = Counter({(s, c): size[s] * size[c] for s, c in links})
    pairs.update({(s, s): size[s] * (size[s] - 1) // 2 for s in {s for s, _ in links}})
    total = pairs.total()
    if total > limits.pairs:
        (s, c), most = pairs.most_common(1)[0]
        where = f"{shown(layers[s].name)} to {shown(layers[c].name)}"
        raise beyond(
            "pairs", f"neuron pairs to be measured (most, {most:,}, from layer {where})", total, limits.pairs
        )
