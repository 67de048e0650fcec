"""Questions to a stored network, which is read only when its analysis is the caller's and done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from estimator.errors import Unavailable
from estimator.graph.facts import GraphFacts
from estimator.graph.probe_course import Course, courses
from estimator.network import FlowNetwork
from service.errors import Conflict
from service.parts import Parts
from service.stores.protocol import (
    AnalysisNotStored,
    AttributionRow,
    Communities,
    EdgeFilter,
    GraphStore,
    NeuronFilter,
    Page,
    PathRow,
    ProbeRow,
    Slice,
)
from service.views.naming import check_layer, neuron, refuse


def neurons(
    parts: Parts, tenant: str, analysis_id: str, where: NeuronFilter, page: Slice, beta: float | None
) -> Page:
    """Neurons of a network."""
    with stored(parts, tenant, analysis_id) as store:
        check_layer(store, analysis_id, where.layer)
        return store.neurons(analysis_id, where, page, beta)


def edges(
    parts: Parts, tenant: str, analysis_id: str, where: EdgeFilter, page: Slice, beta: float | None
) -> Page:
    """Measured pairs of a network."""
    with stored(parts, tenant, analysis_id) as store:
        check_layer(store, analysis_id, where.layer)
        if where.source is not None:
            where = replace(where, source=neuron(store, analysis_id, where.source, "source")[0])
        if where.consumer is not None:
            where = replace(where, consumer=neuron(store, analysis_id, where.consumer, "consumer")[0])
        return store.edges(analysis_id, where, page, beta)


def communities(parts: Parts, tenant: str, analysis_id: str, beta: float | None) -> Communities:
    """Communities of a network and their modularity."""
    with stored(parts, tenant, analysis_id) as store:
        return store.communities(analysis_id, beta)


def probes(parts: Parts, tenant: str, analysis_id: str, probe: str | None) -> list[ProbeRow]:
    """What the probes tell about each neuron."""
    with stored(parts, tenant, analysis_id) as store:
        rows = store.probes(analysis_id, probe)
        if probe is not None and not rows:
            known = sorted({row.probe for row in store.probes(analysis_id)})
            raise refuse("probe", probe, f"one of {', '.join(known)}" if known else "left out: there is none")
        return rows


def probe_courses(parts: Parts, tenant: str, analysis_id: str, probe: str | None) -> list[Course]:
    """Of each probe: where it enters, grows and fades, layer by layer."""
    with stored(parts, tenant, analysis_id) as store:
        return list(courses(store.network(analysis_id, None), probe))


def strongest_paths(
    parts: Parts, tenant: str, analysis_id: str, source: str, target: str, k: int, beta: float | None
) -> list[PathRow]:
    """The k strongest paths from an input neuron to a deeper one; [] if there is none."""
    with stored(parts, tenant, analysis_id) as store:
        first, start = neuron(store, analysis_id, source, "source")
        last, end = neuron(store, analysis_id, target, "target")
        if start.kind != "input":
            raise refuse("source", source, "a neuron of the input layer")
        if end.level <= start.level:
            raise refuse("target", target, "in a deeper layer than the source")
        return store.paths(analysis_id, first, last, k, beta)


def attributions(
    parts: Parts, tenant: str, analysis_id: str, source: str | None, target: str | None, beta: float | None
) -> list[AttributionRow]:
    """Attribution of inputs to outputs, all or those of one end."""
    with stored(parts, tenant, analysis_id) as store:
        ends: dict[str, str | None] = {"source": None, "target": None}
        for name, text, kind in (("source", source, "input"), ("target", target, "output")):
            if text is not None:
                ends[name], layer = neuron(store, analysis_id, text, name)
                if layer.kind != kind:
                    raise refuse(name, text, f"a neuron of the {kind} layer")
        return store.attributions(analysis_id, ends["source"], ends["target"], beta)


def network(
    parts: Parts, tenant: str, analysis_id: str, beta: float | None
) -> tuple[FlowNetwork, GraphFacts]:
    """The whole network, and what graph algorithms say of it."""
    with stored(parts, tenant, analysis_id) as store:
        return store.network(analysis_id, beta), store.facts(analysis_id, beta)


@contextmanager
def stored(parts: Parts, tenant: str, analysis_id: str) -> Iterator[GraphStore]:
    """The store, for an analysis that is the tenant's (else NotFound) and done (else Conflict)."""
    parts.catalog.analysis(analysis_id, tenant)
    state = parts.queue.state(analysis_id)
    status = "queued" if state is None else state.status
    if status != "done":
        raise Conflict(f"The analysis is {status}; its network can be read when it is done")
    try:
        yield parts.store
    except AnalysisNotStored as error:
        raise Unavailable(
            "The analysis is done, and its network is not in the store: the store was put back from an older "
            "backup, or the analysis is being deleted"
        ) from error
