"""The course of a probe through a network: in which layer it enters, where it grows or fades, who carries it.

1. A layer hears the probe where a neuron of it has q at most the network's alpha.
2. A layer stands for its most informative neuron that hears: what is measured is single neurons, so that
   information which only several hold together is not in it, and may seem to grow where it is gathered.
3. It is compared with the most informative neuron of the layers that feed it: `grows` or `fades` where the
   two estimates differ by more than 1.96 standard errors of their difference, else `holds`. A layer that
   hears while no layer before it does is where the probe `enters`; one that no longer hears has `lost` it.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from estimator.data.names import find
from estimator.mutual_information.intervals import Z_95
from estimator.network import FlowNetwork, Probe, ProbeLayer, Stratum, neuron_id
from estimator.options import refuse

Change = Literal["absent", "enters", "grows", "holds", "fades", "lost"]
MOST_NAMED = 5


@dataclass(frozen=True)
class Hearer:
    """A neuron that hears the probe, in nats; None for what is not a number."""

    id: str
    name: str
    mi: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    q_value: float | None
    saturated: bool
    lower_bound: bool


@dataclass(frozen=True)
class Heard:
    """neurons: how many hear. hearers: the most informative of them, best first."""

    neurons: int
    hearers: tuple[Hearer, ...]


@dataclass(frozen=True)
class Step:
    """One layer. given_target: the same when the target is known; None where that was not measured."""

    layer: int
    name: str
    kind: str
    size: int
    change: Change
    heard: Heard
    given_target: Heard | None


@dataclass(frozen=True)
class Course:
    """target: of `given_target`, None where there is none. strata: its levels; small ones are left out."""

    probe: str
    kind: str
    levels: tuple[tuple[str, int], ...]
    target: str | None
    strata: tuple[Stratum, ...]
    share_left_out: float
    steps: tuple[Step, ...]

    @property
    def outputs(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind == "output")


def courses(network: FlowNetwork, probe: str | None = None, most: int = MOST_NAMED) -> tuple[Course, ...]:
    """The course of one probe, or of all. Raises InvalidParameter for one that the network does not have."""
    if probe is None:
        return tuple(course(network, one, most) for one in network.probes)
    names = [one.name for one in network.probes]
    found = find(probe, names)
    if found is None:
        listed = ", ".join(repr(name) for name in names[:8])
        raise refuse("probe", probe[:100], f"one of {listed}" if names else "left out: there is no probe")
    return (course(network, network.probes[names.index(found)], most),)


def course(network: FlowNetwork, probe: Probe, most: int = MOST_NAMED) -> Course:
    """The course of a probe; at most `most` neurons of a layer are named."""
    given = probe.given_target
    known = {} if given is None else {values.layer: values for values in given.values}
    measured = {values.layer: values for values in probe.values}
    steps = tuple(
        Step(
            layer=layer.index,
            name=layer.name,
            kind=layer.kind,
            size=layer.size,
            change=_change(network, measured, layer.index),
            heard=_heard(network, measured[layer.index], most),
            given_target=_heard(network, known[layer.index], most) if layer.index in known else None,
        )
        for layer in network.layers
        if layer.index in measured
    )
    return Course(
        probe=probe.name,
        kind=probe.kind,
        levels=probe.levels,
        target=None if given is None else given.target,
        strata=() if given is None else given.strata,
        share_left_out=0.0 if given is None else given.share_left_out,
        steps=steps,
    )


def _heard(network: FlowNetwork, values: ProbeLayer, most: int) -> Heard:
    hears = np.flatnonzero(values.q_value <= network.alpha)
    best = hears[np.argsort(-values.mi[hears], kind="stable")][:most]
    return Heard(len(hears), tuple(_hearer(network, values, int(i)) for i in best))


def _hearer(network: FlowNetwork, values: ProbeLayer, i: int) -> Hearer:
    numbers = {name: float(getattr(values, name)[i]) for name in ("mi", "se", "ci_low", "ci_high", "q_value")}
    return Hearer(
        id=neuron_id(values.layer, i),
        name=network.layers[values.layer].neurons[i],
        saturated=bool(values.saturated[i]),
        lower_bound=bool(values.lower_bound[i]),
        **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
    )


def _change(network: FlowNetwork, measured: dict[int, ProbeLayer], layer: int) -> Change:
    here = _strongest(network, measured[layer])
    feeding = {e.source for e in network.edges if e.consumer == layer} & set(measured)
    before = [found for source in feeding if (found := _strongest(network, measured[source])) is not None]
    if here is None:
        return "lost" if before else "absent"
    if not before:
        return "enters"
    loudest = max(before)
    error = Z_95 * math.hypot(here[1], loudest[1])
    difference = here[0] - loudest[0]
    return "grows" if difference > error else "fades" if difference < -error else "holds"


def _strongest(network: FlowNetwork, values: ProbeLayer) -> tuple[float, float] | None:
    """(mi, se) of the most informative neuron that hears."""
    heard = _heard(network, values, 1)
    return (heard.hearers[0].mi or 0.0, heard.hearers[0].se or 0.0) if heard.hearers else None
