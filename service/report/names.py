"""One name for each neuron on the page, told apart where the model's own names don't."""

from collections import Counter

from estimator.network import FlowNetwork, neuron_id
from service.report.text import shown, visible

LONGEST_LABEL = 22


class NeuronNames:
    """Names for show: a neuron's own, with its id where that is empty or met twice in the network."""

    def __init__(self, network: FlowNetwork) -> None:
        self._layers = network.layers
        self._met = Counter(shown(name) for layer in network.layers for name in layer.neurons)
        self._of_id = {
            neuron_id(layer.index, i): self.of(layer.index, i)
            for layer in network.layers
            for i in range(layer.size)
        }

    def of(self, layer: int, index: int) -> str:
        name = shown(self._layers[layer].neurons[index])
        id = neuron_id(layer, index)
        if not name.strip():
            return f"(no name) {id}"
        return name if self._met[name] == 1 else f"{name} ({id})"

    def of_id(self, id: str) -> str:
        return self._of_id[id]

    def label(self, layer: int, index: int) -> str:
        """A short form for the figure, where the hover gives the whole."""
        name = self._layers[layer].neurons[index]
        if not name.strip():
            return neuron_id(layer, index)
        short = visible(name[: LONGEST_LABEL + 1])
        return short if len(short) <= LONGEST_LABEL else short[: LONGEST_LABEL - 1] + "…"

    def layer(self, index: int) -> str:
        name = shown(self._layers[index].name)
        return name if name.strip() else f"layer {index}"
