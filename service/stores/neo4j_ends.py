"""The neurons that a question starts and ends at, looked up by their ids."""

from dataclasses import dataclass

from estimator.graph.flow import parse_neuron_id, unknown_neuron
from service.stores.neo4j_connection import Reader
from service.stores.neo4j_listing import Stored


@dataclass(frozen=True)
class End:
    """A neuron, and its layer's kind and level."""

    number: int
    kind: str
    level: int


def end_of(read: Reader, stored: Stored, neuron: str, field: str) -> End:
    """Raises InvalidParameter, naming the field, if the network has no such neuron."""
    parsed = parse_neuron_id(neuron)
    found = parsed and read.row(
        "MATCH (l:Layer {network: $network, index: $layer})-[:HAS_NEURON]->(n:Neuron {index: $index})"
        " RETURN n.number, l.kind, l.level",
        network=stored.network,
        layer=parsed[0],
        index=parsed[1],
    )
    if not found:
        raise unknown_neuron(neuron, field)
    return End(*found)
