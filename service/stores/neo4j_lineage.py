"""Lineage: questions over all networks at once, which one graph of models, data and flow answers."""

from dataclasses import dataclass

from service.stores.neo4j_connection import Reader

MOST_ROWS = 10_000


@dataclass(frozen=True)
class Heard:
    """An output neuron of a model that hears about a probe; mi in nats. dataset: None if not recorded."""

    model: str
    dataset: str | None
    analysis: str
    neuron: str
    neuron_name: str
    mi: float


def models_that_hear(read: Reader, probe: str, nats: float) -> list[Heard]:
    """Outputs with significant information above `nats` about the probe, most first; MOST_ROWS at most."""
    rows = read.rows(
        "MATCH (p:Probe {name: $probe})-[r:INFORMS]->(n)<-[:HAS_NEURON]-(:Layer {kind: 'output'})"
        "<-[:HAS_LAYER]-(a:Analysis)-[:OF_MODEL]->(m:Model)"
        " WHERE r.mi > $nats AND r.q <= a.alpha"
        " OPTIONAL MATCH (a)-[:ON_DATA]->(d:Dataset)"
        " RETURN m.sha256, d.sha256, a.id, n.id, n.name, r.mi ORDER BY r.mi DESC, a.id, n.number LIMIT $most",
        probe=probe,
        nats=nats,
        most=MOST_ROWS,
    )
    return [Heard(*row) for row in rows]
