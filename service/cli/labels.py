"""Neurons as a terminal shows them: by layer and name, whatever characters the names hold."""

from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork, Layer, LayerKind, neuron_id
from service.report.text import shown


class Labels:
    """Names of a network's neurons."""

    def __init__(self, network: FlowNetwork) -> None:
        self._network = network
        self._label = {
            neuron_id(layer.index, i): _label(layer, i) for layer in network.layers for i in range(layer.size)
        }

    def __getitem__(self, neuron: str) -> str:
        return self._label[neuron]

    def neuron(self, text: str, option: str, kind: LayerKind) -> str:
        """The id that the text means: an id such as 0:2, or a neuron's name in a layer of that kind.

        Raises InvalidParameter if it is none, or stands for several.
        """
        if text in self._label:
            return text
        layers = [layer for layer in self._network.layers if layer.kind == kind]
        found = [
            neuron_id(layer.index, i)
            for layer in layers
            for i, name in enumerate(layer.neurons)
            if name == text
        ]
        if len(found) == 1:
            return found[0]
        if found:
            detail = f"{option} {shown(text)} stands for {', '.join(found[:5])}; give one of these"
        else:
            some = ", ".join(f"{self._label[n]} ({n})" for n in self._of(kind)[:8])
            detail = f"{option} {shown(text)} is no {kind} neuron; there are {some}"
        raise InvalidParameter(detail, errors=[Place(detail, field=option)])

    def _of(self, kind: LayerKind) -> list[str]:
        layers = [layer for layer in self._network.layers if layer.kind == kind]
        return [neuron_id(layer.index, i) for layer in layers for i in range(layer.size)]


def _label(layer: Layer, index: int) -> str:
    name = layer.neurons[index]
    if name.strip() and (layer.kind == "input" or name.startswith(layer.name)):
        return shown(name, 40)
    return f"{shown(layer.name, 20)}[{shown(name, 40) if name.strip() else index}]"
