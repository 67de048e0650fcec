"""The flow network: what an analysis finds, as frozen dataclasses of numpy arrays.

Every matrix over pairs is indexed `[source, consumer]`: the row is the neuron that information comes
from, the column the one that it goes to. Information is in nats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
LayerKind = Literal["input", "hidden", "output"]
Silent = Literal["constant", "uninformative"]


def neuron_id(layer: int, index: int) -> str:
    """The name of a neuron that is stable and unique within its network: `layer:index`."""
    return f"{layer}:{index}"


@dataclass(frozen=True)
class Layer:
    """A layer as it was recognised in the model.

    index: position in `FlowNetwork.layers`, a topological order of the layer graph.
    level: depth, the longest way from an input layer; equal for no two connected layers.
    neurons: the neurons' names, unique within the layer.
    operators: the ONNX operators that were merged into it, in order.
    meaning: what a neuron stands for where it isn't one activation ("channel, mean over positions").
    """

    index: int
    name: str
    kind: LayerKind
    level: int
    neurons: tuple[str, ...]
    operators: tuple[str, ...] = ()
    meaning: str | None = None

    @property
    def size(self) -> int:
        return len(self.neurons)


@dataclass(frozen=True)
class NeuronFacts:
    """What each neuron of a layer did on the data; arrays over its n neurons.

    zeros: share of rows at exactly 0. histogram: (n, bins) counts between histogram_edges (n, bins + 1).
    distinct: number of distinct values. constant: never fires, or one value only.
    """

    mean: Floats
    sd: Floats
    zeros: Floats
    distinct: NDArray[np.int64]
    histogram: NDArray[np.int64]
    histogram_edges: Floats
    constant: Bools


@dataclass(frozen=True)
class Edges:
    """All measured pairs between two connected layers, significant or not; arrays [source, consumer].

    ceiling is min(H(x), H(y), ln n): no estimate from these rows can exceed it.
    method names what gave each value: one name of METHODS for all, or per pair after refinement.
    """

    source: int
    consumer: int
    mi: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats
    q_value: Floats
    ceiling: Floats
    saturated: Bools
    lower_bound: Bools
    method: NDArray[np.str_]

    def nif(self, redundancy: Floats, beta: float, alpha: float) -> Floats:
        """nif(i,k) = max(0, mi - beta * R_i), and 0 where q > alpha (arXiv 1901.08557; DESIGN 1.3)."""
        flow = np.maximum(0.0, self.mi - beta * redundancy[:, None])
        return np.where(self.q_value <= alpha, flow, 0.0)


@dataclass(frozen=True)
class Probe:
    """MI of one data column that is no model input with every neuron of every layer.

    kind: `categorical` or `numeric`. levels: the categories, verbatim, with their counts, else empty.
    values: one `ProbeLayer` a layer, in the order of the layers.
    given_target: what is left when the target is known; None for the target itself, and where there is none
    or it is numeric.
    """

    name: str
    kind: Literal["categorical", "numeric"]
    levels: tuple[tuple[str, int], ...]
    values: "tuple[ProbeLayer, ...]"
    given_target: "GivenTarget | None" = None


@dataclass(frozen=True)
class ProbeLayer:
    """A probe's information about the neurons of one layer; arrays (n,)."""

    layer: int
    mi: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats
    q_value: Floats
    saturated: Bools
    lower_bound: Bools


@dataclass(frozen=True)
class Stratum:
    """The rows of one level of the target. measured: False where they were too few for an estimate."""

    level: str
    rows: int
    measured: bool


@dataclass(frozen=True)
class GivenTarget:
    """I(P; N | T) of a probe P with each neuron N, by the strata of a categorical target T, in nats.

    values: the mean over the measured strata, weighted by their rows; one `ProbeLayer` a layer, none at all
    where no stratum was measured. How it is put together: estimator/conditional_probes.py.
    """

    target: str
    strata: tuple[Stratum, ...]
    values: tuple[ProbeLayer, ...]

    @property
    def share_left_out(self) -> float:
        """The share of the rows that are in strata too small to be measured."""
        rows = sum(stratum.rows for stratum in self.strata)
        left_out = sum(stratum.rows for stratum in self.strata if not stratum.measured)
        return left_out / rows if rows else 0.0


@dataclass(frozen=True)
class FlowNetwork:
    """The result of an analysis.

    layers: in topological order. edges: one entry a connected pair of layers. facts, redundancy: one entry
    a layer, in order; redundancy is R_i of `Options.redundancy` (zeros for a layer that is no source).
    beta, alpha: the options it was asked with; every other beta is `at_beta`, never a new run.
    provenance: estimator, parameters, seed, device, versions, hashes of model and data, row counts,
    warnings; plain JSON values. Times are kept out of it, so that equal runs are equal bytes.
    """

    layers: tuple[Layer, ...]
    edges: tuple[Edges, ...]
    facts: tuple[NeuronFacts, ...]
    redundancy: tuple[Floats, ...]
    beta: float
    alpha: float
    probes: tuple[Probe, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def nif(self) -> tuple[Floats, ...]:
        """nif[source, consumer] of each entry of `edges`, at this network's beta and alpha."""
        return tuple(e.nif(self.redundancy[e.source], self.beta, self.alpha) for e in self.edges)

    @cached_property
    def silent(self) -> "tuple[tuple[Silent | None, ...], ...]":
        """Each neuron of each layer: `constant`, `uninformative` (no significant edge), or None."""
        touched = [np.zeros(layer.size, dtype=bool) for layer in self.layers]
        for e in self.edges:
            significant = e.q_value <= self.alpha
            touched[e.source] |= significant.any(axis=1)
            touched[e.consumer] |= significant.any(axis=0)
        return tuple(
            tuple(
                "constant" if constant else None if informative else "uninformative"
                for constant, informative in zip(facts.constant, seen, strict=True)
            )
            for facts, seen in zip(self.facts, touched, strict=True)
        )

    @property
    def edges_measured(self) -> int:
        return sum(e.mi.size for e in self.edges)

    @property
    def edges_kept(self) -> int:
        """Flow edges: significant, with nif above 0."""
        return sum(int(np.count_nonzero(nif)) for nif in self.nif)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Position of each layer's first neuron when all neurons are numbered through, layer by layer."""
        sizes = [layer.size for layer in self.layers]
        return tuple(int(v) for v in np.concatenate([[0], np.cumsum(sizes)[:-1]]))

    @property
    def neurons_total(self) -> int:
        return sum(layer.size for layer in self.layers)

    def at_beta(self, beta: float) -> "FlowNetwork":
        """The same measurements read with another beta."""
        return FlowNetwork(
            layers=self.layers,
            edges=self.edges,
            facts=self.facts,
            redundancy=self.redundancy,
            beta=beta,
            alpha=self.alpha,
            probes=self.probes,
            provenance=self.provenance,
        )
