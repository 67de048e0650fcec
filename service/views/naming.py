"""Which neuron a client means."""

import re
from functools import lru_cache

from estimator.errors import InvalidParameter, Place
from estimator.network import Layer, neuron_id
from service.stores.protocol import GraphStore

_ID = re.compile(r"(0|[1-9][0-9]{0,8}):(0|[1-9][0-9]{0,8})\Z")


def neuron(store: GraphStore, analysis_id: str, text: str, field: str) -> tuple[str, Layer]:
    """The id and layer of a neuron given by its id (`layer:index`) or by a name that only one neuron has.

    A text of the form of an id is taken as an id, and as a name only where there is no such id.
    """
    layers = layers_of(store, analysis_id)
    match = _ID.match(text)
    if match:
        layer, index = int(match.group(1)), int(match.group(2))
        if layer < len(layers) and index < layers[layer].size:
            return text, layers[layer]
    named = [(layer, layer.neurons.index(text)) for layer in layers if text in layer.neurons]
    if len(named) > 1:
        ids = ", ".join(neuron_id(layer.index, index) for layer, index in named[:5])
        raise refuse(field, text, f"one neuron; {len(named)} have this name: give an id such as {ids}")
    if not named:
        raise refuse(field, text, "the id (layer:index) or the name of a neuron of this network")
    layer_found, index = named[0]
    return neuron_id(layer_found.index, index), layer_found


def check_layer(store: GraphStore, analysis_id: str, layer: int | None) -> None:
    """Refuse the index of a layer that is not there."""
    if layer is not None and layer >= len(layers_of(store, analysis_id)):
        most = len(layers_of(store, analysis_id)) - 1
        raise refuse("layer", layer, f"the index of a layer, from 0 to {most}")


def layers_of(store: GraphStore, analysis_id: str) -> tuple[Layer, ...]:
    """The layers of a stored network."""
    return _layers(store, analysis_id)  # type: ignore[arg-type]  # a store's hash is its identity


# A stored network never changes, and ids are never used again: what is remembered stays true.
@lru_cache(maxsize=64)
def _layers(store: GraphStore, analysis_id: str) -> tuple[Layer, ...]:
    return store.network(analysis_id).layers


def refuse(field: str, seen: object, rule: str) -> InvalidParameter:
    """The error for a parameter that no schema can judge."""
    text = repr(seen)
    shown = text if len(text) <= 80 else text[:77] + "..."
    detail = f"{field} is {shown}; it must be {rule}"
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
