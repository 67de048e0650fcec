"""What the neurons of both networks say of the probes that both were asked about."""

from dataclasses import dataclass, fields

import numpy as np

from estimator.diff.alignment import Alignment
from estimator.network import FlowNetwork, Probe, ProbeLayer


@dataclass(frozen=True)
class ProbePair:
    """A probe of both networks. layers: (base, head in the base's order) of each layer of the base."""

    probe: Probe
    layers: tuple[tuple[ProbeLayer, ProbeLayer], ...]


def paired_probes(base: FlowNetwork, head: FlowNetwork, alignment: Alignment) -> tuple[ProbePair, ...]:
    """Probes of the same name, in the base's order."""
    others = {probe.name: {values.layer: values for values in probe.values} for probe in head.probes}
    pairs = []
    for probe in base.probes:
        if probe.name not in others:
            continue
        layers = []
        for values in probe.values:
            aligned = alignment.layers[values.layer]
            found = others[probe.name][aligned.head]
            arrays = {
                f.name: getattr(found, f.name)[aligned.partner]
                for f in fields(found)
                if isinstance(getattr(found, f.name), np.ndarray)
            }
            layers.append((values, ProbeLayer(layer=values.layer, **arrays)))
        pairs.append(ProbePair(probe, tuple(layers)))
    return tuple(pairs)
