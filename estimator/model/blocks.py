"""Blocks that exporters spell in several operators: attention, softmax, normalisations.

Found in the graph before anything else is known of it: the nodes within a block are no layers of their own,
what leaves it is.

1. Attention: MatMul(..., V) of weights that come, through a Softmax, from another MatMul of two branches.
2. Softmax and normalisations: a Div, Mul or Add of two functions of one tensor, one of which sums or
   averages over it, and nothing else in between that mixes neurons.
"""

from dataclasses import dataclass

from estimator.model.graph import Graph
from estimator.model.places import operator

_BETWEEN_SCORES_AND_WEIGHTS = {
    "Softmax", "Cast", "Add", "Sub", "Mul", "Div", "Where", "Dropout", "Identity", "Reshape", "Transpose",
    "Squeeze", "Unsqueeze", "Expand", "IsNaN", "Clip", "Max", "Min", "Tanh",
}  # fmt: skip
_REDUCTIONS = {
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceL2", "ReduceL1", "ReduceSumSquare", "GlobalAveragePool",
}  # fmt: skip
_WITHIN_A_NORM = _REDUCTIONS | {
    "Exp", "Sub", "Add", "Mul", "Neg", "Pow", "Sqrt", "Reciprocal", "Div", "Abs", "Max", "Clip", "Cast",
    "Identity", "Expand",
}  # fmt: skip
_PRODUCTS = {"MatMul", "Einsum", "com.microsoft.FusedMatMul"}
_LONGEST, _MOST_INPUTS = 24, 8  # nodes of a block, inputs of each


@dataclass(frozen=True)
class Blocks:
    """Positions of the nodes within blocks, and of sums that end one: not linear, whatever they add."""

    inner: frozenset[int]
    curved_sums: frozenset[int]


def find_blocks(graph: Graph) -> Blocks:
    """The nodes within blocks; those at which a block ends are not among them."""
    varying = _varying(graph)
    returned = frozenset(output.name for output in graph.outputs)
    inner: set[int] = set()
    sums: set[int] = set()
    for index, node in enumerate(graph.nodes):
        if len(node.input) > _MOST_INPUTS:
            continue
        if operator(node) in _PRODUCTS and sum(name in varying for name in node.input) == 2:
            for name in node.input:
                inner |= _scores(graph, varying, graph.producer.get(name)) or set()
        elif operator(node) in ("Div", "Mul", "Add") and len(set(node.input) & varying) == 2:
            inside = _norm(graph, varying, returned, index)
            if operator(node) == "Add":
                if not _multiplies(graph, varying, inside):
                    continue  # a mean that is added: linear
                sums.add(index)
            inner |= inside
    return Blocks(frozenset(inner), frozenset(sums))


def _multiplies(graph: Graph, varying: set[str], inside: set[int]) -> bool:
    """Whether one of the nodes is a product of two functions of the data."""
    nodes = [graph.nodes[index] for index in inside]
    return any(operator(n) in ("Mul", "Div") and len(set(n.input) & varying) == 2 for n in nodes)


def _varying(graph: Graph) -> set[str]:
    """The tensors that depend on the data; a shape does not."""
    found = {given.name for given in graph.inputs}
    for node in graph.nodes:
        if operator(node) != "Shape" and found.intersection(node.input):
            found.update(filter(None, node.output))
    return found


def _scores(graph: Graph, varying: set[str], last: int | None) -> set[int] | None:
    """The nodes from the product of queries and keys to the weights that `last` makes; None if it is none."""
    seen: set[int] = set()
    products: set[int] = set()
    waiting = [last] if last is not None else []
    while waiting and len(seen) <= _LONGEST:
        index = waiting.pop()
        if index in seen:
            continue
        node = graph.nodes[index]
        if operator(node) in _PRODUCTS and sum(name in varying for name in node.input) == 2:
            products.add(index)
            continue
        if operator(node) not in _BETWEEN_SCORES_AND_WEIGHTS or len(node.input) > _MOST_INPUTS:
            continue  # a mask that is computed beside
        seen.add(index)
        waiting += [graph.producer[n] for n in node.input if n in varying and n in graph.producer]
    if not products or waiting or not any(operator(graph.nodes[i]) == "Softmax" for i in seen):
        return None
    after = set(products)  # of what was seen, that which is computed from the product
    made = {name for i in products for name in graph.nodes[i].output}
    for index in sorted(seen):
        if made.intersection(graph.nodes[index].input):
            after.add(index)
            made.update(graph.nodes[index].output)
    return after


def _norm(graph: Graph, varying: set[str], returned: frozenset[str], end: int) -> set[int]:
    """The nodes of a normalisation that ends at `end`, itself left out; none if it is none.

    From the end backwards, always the latest node first: where one tensor is all that is left to be
    explained, the block begins there.
    """
    inside = {end}
    open_tensors = set(graph.nodes[end].input) & varying
    while len(inside) <= _LONGEST:
        if len(open_tensors) == 1:
            reduces = any(operator(graph.nodes[i]) in _REDUCTIONS for i in inside)
            (entry,) = open_tensors
            begin = graph.producer.get(entry)
            if not _goes_on(graph, begin) or not _only_inside(graph, returned, begin, inside):
                return inside - {end} if reduces else set()
        latest = max((graph.producer.get(name, -1) for name in open_tensors), default=-1)
        node = graph.nodes[latest] if latest >= 0 else None
        if node is None or operator(node) not in _WITHIN_A_NORM or len(node.input) > _MOST_INPUTS:
            return set()
        if not _only_inside(graph, returned, latest, inside):
            return set()
        inside.add(latest)
        open_tensors -= set(graph.nodes[latest].output)
        open_tensors |= set(graph.nodes[latest].input) & varying
    return set()


def _goes_on(graph: Graph, begin: int | None) -> bool:
    """What a softmax is made of before it is summed: Exp, and the largest value taken off before."""
    if begin is None:
        return False
    node = graph.nodes[begin]
    made_by = [graph.producer[name] for name in node.input if name in graph.producer]
    largest = any(operator(graph.nodes[i]) == "ReduceMax" for i in made_by)
    return operator(node) == "Exp" or (operator(node) == "Sub" and largest)


def _only_inside(graph: Graph, returned: frozenset[str], index: int | None, inside: set[int]) -> bool:
    if index is None:
        return False
    outputs = graph.nodes[index].output
    return not returned.intersection(outputs) and all(
        user in inside for name in outputs for user in graph.consumers.get(name, ())
    )
