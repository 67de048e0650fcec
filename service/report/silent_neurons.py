"""Neurons that carry nothing: which, and why they are said to."""

from dataclasses import dataclass

from estimator.network import FlowNetwork
from service.report.names import NeuronNames
from service.report.text import number, percent

LARGEST_ROWS = 100


@dataclass(frozen=True)
class SilentRow:
    name: str
    layer: str
    silent: str
    reason: str


@dataclass(frozen=True)
class SilentNeurons:
    rows: tuple[SilentRow, ...]
    total: int


def silent_neurons(network: FlowNetwork, names: NeuronNames) -> SilentNeurons:
    found = [
        (layer.index, i, state)
        for layer in network.layers
        for i, state in enumerate(network.silent[layer.index])
        if state is not None
    ]
    rows = tuple(
        SilentRow(names.of(layer, i), names.layer(layer), state, _reason(network, layer, i))
        for layer, i, state in found[:LARGEST_ROWS]
    )
    return SilentNeurons(rows, len(found))


def _reason(network: FlowNetwork, layer: int, i: int) -> str:
    did = network.facts[layer]
    if not any(layer in (e.source, e.consumer) for e in network.edges):
        return "its layer is connected to no other, so none of its edges was measured"
    if not did.constant[i]:
        return f"it fires, but none of its edges has q at most {network.alpha!r}"
    if did.zeros[i] == 1:
        return "it is 0 in every row: it never fires"
    zeros = percent(float(did.zeros[i]))
    return f"it has one value in every row ({number(float(did.mean[i]))}; zeros {zeros})"
