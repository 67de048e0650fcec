"""The contract of a store of flow networks. `tests/stores/contract.py` is its executable form.

A network is visible whole or not at all: between the start of `write` and its end readers see no such
analysis. Every query takes the `beta` it is read with; None is the analysis's own.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from estimator.network import FlowNetwork


class AnalysisNotStored(LookupError):
    """No whole network of this id is stored."""


class StoreUnavailable(RuntimeError):
    """The store cannot be reached, is full, or has a schema that this code does not know."""


@dataclass(frozen=True)
class NeuronRow:
    """One neuron. community, silent: None where there is none. out_flow, in_flow: sums of nif."""

    id: str
    layer: int
    layer_name: str
    index: int
    name: str
    mean: float
    sd: float
    zeros: float
    redundancy: float
    betweenness: float
    betweenness_weighted: float
    community: int | None
    silent: str | None
    out_flow: float
    in_flow: float


@dataclass(frozen=True)
class EdgeRow:
    """One measured pair; `nif` is 0 where it is no flow edge."""

    source: str
    source_name: str
    consumer: str
    consumer_name: str
    mi: float
    nif: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    q_value: float
    saturated: bool
    lower_bound: bool
    method: str


@dataclass(frozen=True)
class PathRow:
    """A decision path: the neurons from source to target, nif of each hop, and their product."""

    neurons: tuple[str, ...]
    names: tuple[str, ...]
    nif: tuple[float, ...]
    product: float


@dataclass(frozen=True)
class AttributionRow:
    """A(i, j) of DESIGN 1.4, in nats to the power of the path length, summed over all paths."""

    input: str
    input_name: str
    output: str
    output_name: str
    attribution: float


@dataclass(frozen=True)
class Community:
    """Neurons that are tied by flow; `nif_within` sums the flow between members."""

    id: int
    neurons: tuple[str, ...]
    nif_within: float


@dataclass(frozen=True)
class Communities:
    """modularity is None where there is no flow edge."""

    communities: tuple[Community, ...]
    modularity: float | None


@dataclass(frozen=True)
class ProbeRow:
    """A probe's information about one neuron."""

    probe: str
    neuron: str
    neuron_name: str
    layer: int
    mi: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    q_value: float
    saturated: bool
    lower_bound: bool


@dataclass(frozen=True)
class NeuronFilter:
    layer: int | None = None
    silent: Literal["constant", "uninformative", "any", "none"] | None = None
    community: int | None = None


@dataclass(frozen=True)
class EdgeFilter:
    """flow: only flow edges (True), only the others (False), or all (None). layer: the source layer."""

    layer: int | None = None
    source: str | None = None
    consumer: str | None = None
    min_nif: float | None = None
    min_mi: float | None = None
    max_q: float | None = None
    saturated: bool | None = None
    flow: bool | None = True


@dataclass(frozen=True)
class Slice:
    """A page of a listing: sorted by `sort` (`-` in front for descending), then by id, ties in one order.

    after: the sort keys of the last row that the reader has, as returned in `Page.last`. limit: None is all.
    """

    sort: str = "id"
    after: tuple[Any, ...] | None = None
    limit: int | None = 100


@dataclass(frozen=True)
class Page:
    """rows: of one of the row classes. last: what to give as `after` for the next page, None at the end."""

    rows: tuple[Any, ...]
    last: tuple[Any, ...] | None
    total: int = field(default=0)


class GraphStore(Protocol):
    """Keeps flow networks and answers questions about them."""

    def migrate(self, *, dry_run: bool = False) -> list[str]:
        """Bring the schema up to date; returns the names of the migrations applied (or to apply)."""
        ...

    def ping(self) -> None:
        """Raise StoreUnavailable, with the reason in words for an operator, unless all is well."""
        ...

    def write(self, analysis_id: str, network: FlowNetwork) -> None:
        """Store the network whole, with betweenness and communities. Writing an id again changes nothing."""
        ...

    def delete(self, analysis_id: str) -> None:
        """Remove all of an analysis; no error if there is none."""
        ...

    def exists(self, analysis_id: str) -> bool: ...

    def ids(self) -> list[str]:
        """The ids of all whole networks, sorted."""
        ...

    def network(self, analysis_id: str, beta: float | None = None) -> FlowNetwork:
        """The network back, equal to what was written to the last bit."""
        ...

    def neurons(
        self, analysis_id: str, where: NeuronFilter, page: Slice, beta: float | None = None
    ) -> Page: ...

    def edges(self, analysis_id: str, where: EdgeFilter, page: Slice, beta: float | None = None) -> Page: ...

    def communities(self, analysis_id: str, beta: float | None = None) -> Communities: ...

    def paths(
        self, analysis_id: str, source: str, target: str, k: int, beta: float | None = None
    ) -> list[PathRow]:
        """The k paths of largest product, ties by the neurons' (layer, index) in order; [] if none."""
        ...

    def attributions(
        self,
        analysis_id: str,
        source: str | None = None,
        target: str | None = None,
        beta: float | None = None,
    ) -> list[AttributionRow]:
        """All inputs x outputs, or those of one input or one output."""
        ...

    def probes(self, analysis_id: str, probe: str | None = None) -> list[ProbeRow]: ...

    def close(self) -> None: ...
