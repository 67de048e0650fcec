"""Write the edges of two layers by several sessions at once.

Transactions that create relationships at one neuron wait for each other. So the sources are cut into
SESSIONS parts and the consumers, too; in each of as many rounds a session takes another pair of parts, no two
sessions with a part in common, and the next round begins when all are done. What is left in common are
relationships of an earlier round that both are chained to: a deadlock over one of them is rare, undoes one
batch, and that batch is written again. Rows are made batch by batch: memory is bounded by the batches that
are under way.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray

from estimator.network import Edges, FlowNetwork
from service.stores.neo4j_connection import Deadlock
from service.stores.neo4j_rows import edge_columns

SESSIONS = 2
EDGES_A_BATCH = 2_500
CONSUMERS_A_BATCH = 100  # a batch of few neurons on either side: each is matched, and its chains are changed
MOST_DEADLOCKS = 20  # of one batch; each time another batch has gone through
Write = Callable[[LiteralString, int, dict[str, Any]], None]

# One row a source neuron with its edges' properties as columns, taken apart once a row: the fastest form that
# was measured. The copy is only matched, since writing to it would make the sessions wait for each other.
_EDGES_OF: LiteralString = """
MATCH (w:Unfinished {network: $network})
WITH w MATCH (b:Neuron {network: $network}) WHERE $first <= b.number AND b.number < $last
WITH b ORDER BY b.number WITH collect(b) AS consumers
UNWIND $rows AS x
MATCH (a:Neuron {network: $network, number: x[0]})
WITH consumers, a, x, x[1] AS mi, x[2] AS nif, x[3] AS se, x[4] AS ci_low, x[5] AS ci_high, x[6] AS p,
  x[7] AS q, x[8] AS distance
UNWIND range(0, size(consumers) - 1) AS j
WITH a, x, j, consumers[j] AS b, mi, nif, se, ci_low, ci_high, p, q, distance
CREATE (a)-[:FLOWS_TO {mi: mi[j], nif: nif[j], se: se[j], ci_low: ci_low[j], ci_high: ci_high[j], p: p[j],
  q: q[j], distance: distance[j]"""
_EDGES: LiteralString = f"{_EDGES_OF}}}]->(b) RETURN count(*)"
_FLAGGED_EDGES: LiteralString = (
    f"{_EDGES_OF}, saturated: x[9][j], lower_bound: x[10][j], method: x[11][j]}}]->(b) RETURN count(*)"
)


def write_edges(
    write: Write, network: FlowNetwork, edges: Edges, nif: NDArray[np.float64], usual: str
) -> None:
    """Write the edges and all their properties; what `write` raises ends it.

    write: (statement, number of edges that it must create, its parameters); called by several threads.
    nif: of all pairs of `edges`. usual: the method that is no property.
    """
    count = SESSIONS if edges.mi.size > SESSIONS * EDGES_A_BATCH else 1
    sources, consumers = (_parts(size, count) for size in edges.mi.shape)
    stopped = Event()

    def block(rows: range, columns: range) -> None:
        try:
            for statement, made, parameters in _batches(network, edges, nif, usual, rows, columns):
                if stopped.is_set():
                    return
                _written(write, statement, made, parameters)
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(count) as sessions:
        try:
            for turn in range(count):
                pairs = [(sources[k], consumers[(k + turn) % count]) for k in range(count)]
                for under_way in [sessions.submit(block, *pair) for pair in pairs]:
                    under_way.result()
        finally:
            stopped.set()


def _written(write: Write, statement: LiteralString, made: int, parameters: dict[str, Any]) -> None:
    for _ in range(MOST_DEADLOCKS):
        try:
            return write(statement, made, parameters)
        except Deadlock:
            continue
    return write(statement, made, parameters)


def _parts(size: int, count: int) -> list[range]:
    return [range(size * k // count, size * (k + 1) // count) for k in range(count)]


def _batches(
    network: FlowNetwork, edges: Edges, nif: NDArray[np.float64], usual: str, sources: range, consumers: range
) -> Iterator[tuple[LiteralString, int, dict[str, Any]]]:
    """Statements of at most EDGES_A_BATCH edges."""
    source, consumer = network.offsets[edges.source], network.offsets[edges.consumer]
    width = max(CONSUMERS_A_BATCH, EDGES_A_BATCH // len(sources))
    for first in range(consumers.start, consumers.stop, width):
        last = min(consumers.stop, first + width)
        step = max(1, EDGES_A_BATCH // (last - first))
        for start in range(sources.start, sources.stop, step):
            stop = min(sources.stop, start + step)
            columns = edge_columns(edges, nif, usual, slice(start, stop), slice(first, last))
            rows = [[source + start + i, *row] for i, row in enumerate(columns)]
            statement = _EDGES if len(rows[0]) == 9 else _FLAGGED_EDGES
            parameters = {"rows": rows, "first": consumer + first, "last": consumer + last}
            yield statement, len(rows) * (last - first), parameters
