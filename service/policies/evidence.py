"""What a policy is judged on: a network, perhaps beside a baseline, and why some probes were not measured."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from estimator.data.names import find
from estimator.diff import NetworkDiff
from estimator.graph.flow import parse_neuron_id
from estimator.network import FlowNetwork, Layer, LayerKind, Probe, neuron_id
from service.policies.finding import Unknown
from service.report.text import shown

GROUPS: Mapping[str, LayerKind] = {"outputs": "output", "hidden": "hidden", "inputs": "input"}
MOST_LISTED = 8


@dataclass(frozen=True)
class Evidence:
    """compared: from the baseline to the network, where there is one.

    refused: {probe: why the analysis could not measure it}. decided: findings of the other rules.
    """

    network: FlowNetwork
    compared: NetworkDiff | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    decided: Sequence[Any] = ()

    def probe(self, name: str) -> Probe:
        """The probe of that name. Raises Unknown: refused, an input of the model, or not measured."""
        if name in self.refused:
            raise Unknown(self.refused[name])
        names = [probe.name for probe in self.network.probes]
        found = find(name, names)
        if found is not None:
            return self.network.probes[names.index(found)]
        inputs = [n for layer in self.network.layers if layer.kind == "input" for n in layer.neurons]
        if find(name, inputs) is not None:
            raise Unknown(f"{shown(name)} is an input of the model, and a probe is a column that is none")
        measured = f"its probes are {_listed(names)}" if names else "it has no probes"
        raise Unknown(f"the analysis has no probe {shown(name)}{_near(name, names)}; {measured}")

    def layers(self, which: str | Sequence[str]) -> tuple[Layer, ...]:
        """The layers of a group, or those named. Raises Unknown where there is none."""
        everything = self.network.layers
        if which == "all":
            return everything
        if isinstance(which, str):
            found = tuple(layer for layer in everything if layer.kind == GROUPS[which])
            if not found:
                raise Unknown(f"the network has no {GROUPS[which]} layer")
            return found
        names = [layer.name for layer in everything]
        for name in which:
            if name not in names:
                raise Unknown(f"the network has no layer {shown(name)}{_near(name, names)}; {_listed(names)}")
        return tuple(layer for layer in everything if layer.name in which)

    def neuron(self, name: str, kind: LayerKind) -> tuple[int, int]:
        """(layer, index) of an input or output by its name, or of any neuron by its id.

        Raises Unknown where no neuron, or more than one, has that name.
        """
        layers = [layer for layer in self.network.layers if layer.kind == kind]
        found = [(layer.index, i) for layer in layers for i, n in enumerate(layer.neurons) if n == name]
        if len(found) == 1:
            return found[0]
        by_id = parse_neuron_id(name)
        if by_id and by_id[0] < len(self.network.layers) and by_id[1] < self.network.layers[by_id[0]].size:
            return by_id
        if found:
            ids = ", ".join(neuron_id(*at) for at in found[:MOST_LISTED])
            raise Unknown(f"{shown(name)} stands for {len(found)} neurons: {ids}; give the id of one")
        names = [n for layer in layers for n in layer.neurons]
        raise Unknown(f"the network has no {kind} {shown(name)}{_near(name, names)}; {_listed(names)}")


def _near(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f" (did you mean {shown(close[0])}?)" if close else ""


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return ", ".join(shown(name, 40) for name in names[:MOST_LISTED]) + more
