"""Decision paths by Yen's algorithm in GDS (doi:10.1287/mnsc.17.11.712), on the costs of DESIGN 1.5.

1. Project what lies between source and target, and no more: a layer's other neurons are on no path.
2. Ask for a few paths more than k. Costs are sums of rounded logarithms, so they find the paths and do not
   order them: products of nif, computed without rounding, do, and of equal ones the neurons' order.
3. That is the answer if no path left out can be as strong as the k-th: the last one found costs more by
   MARGIN, or there are no others. With ties as far as that, and for k above YENS, where Yen takes long, the
   search of `estimator.graph.paths` on the network as it is stored answers; it is always exact.
"""

import math
from typing import Any, LiteralString

from estimator.graph.exact_product import BITS, ExactProduct
from estimator.graph.path_search import MARGIN
from estimator.graph.paths import MOST_PATHS
from estimator.options import refuse
from service.stores.neo4j_connection import Connection, Reader
from service.stores.neo4j_ends import End, end_of
from service.stores.neo4j_listing import Stored
from service.stores.neo4j_projection import NIF, projected
from service.stores.protocol import PathRow

YENS = 100
SPARE = 8

_BETWEEN: LiteralString = f"""
CALL () {{
  MATCH (a:Neuron {{network: $network, number: $source}}) RETURN a
  UNION
  MATCH (l:Layer {{network: $network}})-[:HAS_NEURON]->(a) WHERE l.index IN $layers RETURN a
}}
MATCH (a)-[r:FLOWS_TO]->(b) WHERE b.number = $target OR b.layer IN $layers
WITH a, b, {NIF} AS nif WHERE nif > 0"""
_LARGEST: LiteralString = f"{_BETWEEN} RETURN max(nif)"
_LAYERS: LiteralString = """
MATCH (l:Layer {network: $network}) WHERE $above < l.level AND l.level < $below RETURN l.index"""
# The ends are projected even if nothing flows from or to them; a cost is never below 0.
_PROJECT: LiteralString = f"""
MATCH (l:Layer {{network: $network}})
WITH collect({{index: l.index, level: l.level}}) AS all, max(l.index) AS last
WITH [i IN range(0, last) | head([l IN all WHERE l.index = i | l.level])] AS levels
CALL (levels) {{
  MATCH (a:Neuron {{network: $network}}) WHERE a.number IN [$source, $target]
  RETURN a, null AS b, null AS properties
  UNION ALL
  {_BETWEEN}
  WITH a, b, $unit * (levels[b.layer] - levels[a.layer]) - log(nif) AS cost
  RETURN a, b, {{cost: CASE WHEN cost < 0 THEN 0.0 ELSE cost END}} AS properties
}}
WITH gds.graph.project($name, a, b, {{relationshipType: 'FLOW', relationshipProperties: properties}},
  {{readConcurrency: 1}}) AS made
RETURN made.relationshipCount"""
_YEN: LiteralString = f"""
MATCH (from:Neuron {{network: $network, number: $source}}), (to:Neuron {{network: $network, number: $target}})
CALL gds.shortestPath.yens.stream($name, {{sourceNode: from, targetNode: to, k: $k,
  relationshipTypes: ['FLOW'], relationshipWeightProperty: 'cost', concurrency: 1}})
YIELD index, nodeIds, totalCost
WITH index, totalCost, [id IN nodeIds | gds.util.asNode(id)] AS neurons
UNWIND range(0, size(neurons) - 2) AS i
WITH index, totalCost, neurons, i, neurons[i] AS a, neurons[i + 1] AS b
MATCH (a)-[r:FLOWS_TO]->(b)
WITH index, totalCost, neurons, i, {NIF} AS nif ORDER BY index, i
WITH index, totalCost, neurons, collect(nif) AS nif
RETURN totalCost, nif, [n IN neurons | n.number], [n IN neurons | n.id], [n IN neurons | n.name]
ORDER BY totalCost"""


def paths(
    connection: Connection, read: Reader, stored: Stored, source: str, target: str, k: int
) -> list[PathRow] | None:
    """The k strongest, or None where only the exact search can tell.

    Raises InvalidParameter as `strongest_paths`, LimitExceeded if a product exceeds the largest double.
    """
    first, last = end_of(read, stored, source, "source"), end_of(read, stored, target, "target")
    _check(first, last, source, target, k)
    if k > YENS:
        return None
    layers = read.rows(_LAYERS, network=stored.network, above=first.level, below=last.level)
    bound: dict[str, Any] = {
        "network": stored.network,
        "alpha": stored.alpha,
        "beta": stored.beta,
        "source": first.number,
        "target": last.number,
        "layers": [index for (index,) in layers],
    }
    largest = read.row(_LARGEST, **bound)
    if largest is None or largest[0] is None:
        return []
    unit = max(0.0, math.log(largest[0]))
    with projected(connection, read, _PROJECT, **bound, unit=unit) as name:
        found = read.rows(_YEN, **bound, name=name, k=k + SPARE)
    if len(found) == k + SPARE and found[-1][0] <= found[k - 1][0] + MARGIN:
        return None
    return _in_order(found)[:k]


def _check(first: End, last: End, source: str, target: str, k: int) -> None:
    if first.kind != "input":
        raise refuse("source", source, "a neuron of an input layer")
    if last.level <= first.level:
        raise refuse("target", target, f"in a deeper layer than the source {source}")
    if not 1 <= k <= MOST_PATHS:
        raise refuse("k", k, f"between 1 and {MOST_PATHS}")


def _in_order(found: list[tuple[Any, ...]]) -> list[PathRow]:
    """Step 2. found: cost, nif of each hop, and the neurons' numbers, ids and names."""
    bits = BITS * max((len(nif) + 1 for _, nif, *_ in found), default=1)
    products = [math.prod(map(ExactProduct.of, nif), start=ExactProduct()) for _, nif, *_ in found]
    order = sorted(range(len(found)), key=lambda i: (products[i].falling(bits), found[i][2]))
    return [
        PathRow(tuple(found[i][3]), tuple(found[i][4]), tuple(found[i][1]), products[i].rounded())
        for i in order
    ]
