"""Local functions of a model: how many nodes they unfold to, without unfolding them.

Twenty functions that each call the one before twice are a file of 1 kB and a graph of a million nodes: what
inlines them hangs. Counting needs one look at each function.
"""

from collections import Counter
from collections.abc import Iterable

import onnx

from estimator.errors import InvalidModel, Place
from estimator.model.contents import graphs_of
from estimator.model.limits import ModelLimits
from estimator.model.places import LONGEST_SHOWN, beyond, shown

Key = tuple[str, str, str]


def check_functions(model: onnx.ModelProto, limits: ModelLimits) -> None:
    """Raises InvalidModel for functions of one name or that call themselves, LimitExceeded for bombs."""
    functions: dict[Key, onnx.FunctionProto] = {}
    for function in model.functions:
        key = (domain_of(function.domain), function.name, function.overload)
        if key in functions:
            raise _wrong(key, "is defined twice")
        functions[key] = function
    sizes: dict[Key, int] = {}
    calls = {key: _calls(function.node, functions) for key, function in functions.items()}
    for root in functions:
        path = [root]  # an explicit stack: a long chain of calls is no reason for a RecursionError
        open_calls = {root}
        while path:
            key = path[-1]
            waiting = next((k for k in calls[key][1] if k not in sizes), None)
            if waiting is None:
                plain, called = calls[key]
                # The call counts as well: functions that call each other around nothing cost time, too.
                sizes[key] = 1 + plain + sum(sizes[k] * times for k, times in called.items())
                open_calls.discard(path.pop())
            elif waiting in open_calls:
                raise _wrong(waiting, "calls itself")
            else:
                path.append(waiting)
                open_calls.add(waiting)
    plain, called = _calls(model.graph.node, functions)
    total = plain + sum(sizes[key] * times for key, times in called.items())
    if max([total, *sizes.values()]) > limits.unfolded_nodes:
        worst = max([total, *sizes.values()])
        raise beyond("unfolded_nodes", "nodes once functions are written out", worst, limits.unfolded_nodes)


def _calls(
    nodes: Iterable[onnx.NodeProto], functions: dict[Key, onnx.FunctionProto]
) -> tuple[int, Counter[Key]]:
    """(plain nodes, calls of each function) of a body, its subgraphs included."""
    plain, called = 0, Counter[Key]()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        key = (domain_of(node.domain), node.op_type, node.overload)
        if key in functions:
            called[key] += 1
        else:
            plain += 1
        for graph in graphs_of([node]):
            waiting += graph.node
    return plain, called


def domain_of(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _wrong(key: Key, reason: str) -> InvalidModel:
    detail = f"function {shown(key[1])} of domain {shown(key[0])} {reason}"
    return InvalidModel(detail, errors=[Place(detail, operator=key[1][:LONGEST_SHOWN])])
