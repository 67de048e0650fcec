"""The neurons that may be cut: those of the network's hidden layers, each with its place in the model."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimator.data.names import listed, shown
from estimator.errors import InvalidParameter, Place
from estimator.graph.flow import parse_neuron_id
from estimator.model.selection import Selection
from estimator.network import FlowNetwork, Silent, neuron_id

Neuron = tuple[int, int]  # layer and index within it, of the network
MOST_PLACES, MOST_HINTS = 20, 3


@dataclass(frozen=True)
class Candidates:
    """network: as analysed; selected: how its layers and neurons were taken from the model, layer for layer.

    layers: indices of the hidden layers that neurons may be cut in.
    """

    network: FlowNetwork
    selected: Selection
    layers: tuple[int, ...]

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        return tuple((layer, i) for layer in self.layers for i in range(self.network.layers[layer].size))

    def whole_size(self, layer: int) -> int:
        """Of the layer in the model, neurons that were not measured included."""
        return self.selected.run.layers[layer].size

    def place(self, neuron: Neuron) -> int:
        """The neuron's position in its layer of the model."""
        chosen = self.selected.neurons[neuron[0]]
        return neuron[1] if chosen is None else int(chosen[neuron[1]])

    def silent(self, neuron: Neuron) -> Silent | None:
        return self.network.silent[neuron[0]][neuron[1]]

    def name(self, neuron: Neuron) -> str:
        return self.network.layers[neuron[0]].neurons[neuron[1]]

    def cut_places(self, neurons: Iterable[Neuron]) -> dict[int, NDArray[np.int64]]:
        """{layer: positions in the model's layer, sorted}."""
        found: dict[int, list[int]] = {}
        for neuron in neurons:
            found.setdefault(neuron[0], []).append(self.place(neuron))
        return {layer: np.array(sorted(places), dtype=np.int64) for layer, places in sorted(found.items())}


def candidates(network: FlowNetwork, selected: Selection, layers: Sequence[str]) -> Candidates:
    """Those of the hidden layers with these names, of all if there are none. Raises InvalidParameter."""
    hidden = {layer.name: layer.index for layer in network.layers if layer.kind == "hidden"}
    if not hidden:
        raise refused("model", "the network has no hidden layer: there is no neuron to cut")
    for name in layers:
        if name not in hidden:
            raise refused(
                "layers", f"layers holds {shown(name)}, and the hidden layers are {listed(hidden, 20)}"
            )
    return Candidates(network, selected, tuple(hidden[name] for name in layers or hidden))


def by_name(candidates: Candidates, asked: Sequence[str]) -> tuple[Neuron, ...]:
    """The hidden neurons of these ids or names, in this order.

    Raises InvalidParameter with a place for each that is unknown (with names near it), is not hidden, stands
    for several, or comes twice.
    """
    network = candidates.network
    named: dict[str, list[Neuron]] = {}
    for layer in network.layers:
        for i, name in enumerate(layer.neurons):
            named.setdefault(name, []).append((layer.index, i))
    found: dict[Neuron, None] = {}
    wrong: list[Place] = []
    for position, text in enumerate(asked):
        neuron, why = _find(candidates, named, text, hint=len(wrong) < MOST_HINTS)
        if neuron is not None and neuron in found:
            neuron, why = None, f"{shown(text)} is there twice"
        if neuron is None:
            wrong.append(Place(why, field=f"neurons.{position}"))
        else:
            found[neuron] = None
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise InvalidParameter(f"neurons: {wrong[0].detail}{more}", errors=wrong[:MOST_PLACES])
    return tuple(found)


def _find(
    candidates: Candidates, named: dict[str, list[Neuron]], text: str, *, hint: bool
) -> tuple[Neuron | None, str]:
    """hint: whether to look for names near an unknown one, which takes a while among many."""
    network = candidates.network
    by_id = parse_neuron_id(text)
    if by_id is not None and by_id[0] < len(network.layers) and by_id[1] < network.layers[by_id[0]].size:
        same = [by_id]
    else:
        everywhere = named.get(text, [])
        same = [neuron for neuron in everywhere if neuron[0] in candidates.layers] or everywhere
    if not same:
        near = _near(candidates, text) if hint else ""
        return None, f"{shown(text)} is no neuron of the network{near}"
    if len(same) > 1:
        return (
            None,
            f"{shown(text)} stands for several, {', '.join(map(_id, same[:5]))}; give one of these ids",
        )
    if same[0][0] not in candidates.layers:
        layer = network.layers[same[0][0]]
        where = "not among the layers asked for" if layer.kind == "hidden" else f"an {layer.kind} layer"
        return None, f"{shown(text)} is of layer {shown(layer.name)}, {where}; only hidden neurons are cut"
    return same[0], ""


def _near(candidates: Candidates, text: str) -> str:
    names = [candidates.name(neuron) for neuron in candidates.neurons]
    near = difflib.get_close_matches(text, [*names, *map(_id, candidates.neurons)], n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(shown, near))}?" if near else f"; hidden are {listed(names)}"


def _id(neuron: Neuron) -> str:
    return neuron_id(*neuron)


def refused(field: str, detail: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
