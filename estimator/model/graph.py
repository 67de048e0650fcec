"""The main graph: its nodes in the order of computing, who makes each tensor and who uses it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import onnx

from estimator.errors import InvalidModel, Place
from estimator.model.contents import graphs_of
from estimator.model.places import LONGEST_SHOWN, invalid_node, invalid_tensor, shown, unsupported_node


@dataclass(frozen=True)
class Graph:
    """nodes: in a topological order that keeps the file's where it can. producer: tensor -> its node.
    consumers: tensor -> positions of the nodes that use it. inputs: those that the caller must give."""

    nodes: tuple[onnx.NodeProto, ...]
    producer: dict[str, int]
    consumers: dict[str, tuple[int, ...]]
    inputs: tuple[onnx.ValueInfoProto, ...]
    outputs: tuple[onnx.ValueInfoProto, ...]
    initializers: dict[str, onnx.TensorProto]


def read_graph(proto: onnx.GraphProto) -> Graph:
    """Raises InvalidModel for names that are not unique or not there, and for cycles."""
    _check_unique("initializer", (t.name for t in proto.initializer))
    _check_unique("input", (i.name for i in proto.input))
    _check_unique("output", (o.name for o in proto.output))
    _check_unique("node", (n.name for n in proto.node if n.name))
    initializers = {tensor.name: tensor for tensor in proto.initializer}
    inputs = tuple(i for i in proto.input if i.name not in initializers)  # IR 3 lists weights as inputs
    given = set(initializers) | {i.name for i in inputs}
    made: dict[str, int] = {}
    for position, node in enumerate(proto.node):
        for attribute in node.attribute:
            if attribute.ref_attr_name:
                raise invalid_node(
                    node, f"attribute {shown(attribute.name)} refers to a function's, outside one"
                )
        if list(graphs_of([node])):
            raise unsupported_node(node, "it holds a subgraph; only plain graphs are analysed")
        for name in filter(None, node.output):
            if name in made or name in given:
                raise invalid_node(node, f"tensor {shown(name)} is made twice; a name must be unique")
            made[name] = position
    for node in proto.node:
        for name in filter(None, node.input):
            if name not in made and name not in given:
                raise invalid_node(node, f"its input {shown(name)} is made by no node, input or initializer")
    for output in proto.output:
        if output.name not in made and output.name not in given:
            raise invalid_tensor(output.name, "it is an output of the model, and nothing makes it")
    nodes = tuple(proto.node[i] for i in _order(proto, made))
    consumers: dict[str, list[int]] = {}
    for position, node in enumerate(nodes):
        for name in dict.fromkeys(filter(None, node.input)):
            consumers.setdefault(name, []).append(position)
    return Graph(
        nodes=nodes,
        producer={name: i for i, node in enumerate(nodes) for name in node.output if name},
        consumers={name: tuple(positions) for name, positions in consumers.items()},
        inputs=inputs,
        outputs=tuple(proto.output),
        initializers=initializers,
    )


def _order(proto: onnx.GraphProto, made: dict[str, int]) -> list[int]:
    """Kahn's algorithm, the first node of the file first."""
    needs = [{made[name] for name in node.input if name in made} for node in proto.node]
    users: dict[int, list[int]] = {}
    for position, sources in enumerate(needs):
        for source in sources:
            users.setdefault(source, []).append(position)
    missing = [len(sources) for sources in needs]
    ready = [position for position, count in enumerate(missing) if count == 0]
    heapify(ready)
    order = []
    while ready:
        position = heappop(ready)
        order.append(position)
        for user in users.get(position, ()):
            missing[user] -= 1
            if missing[user] == 0:
                heappush(ready, user)
    if len(order) < len(proto.node):
        node = proto.node[next(i for i, count in enumerate(missing) if count)]
        raise invalid_node(node, "it is on a cycle, or after one: the graph is not feed-forward")
    return order


def _check_unique(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            detail = f"{count} of the model's {what}s are named {shown(name)}; names must be unique"
            short = name[:LONGEST_SHOWN]
            place = Place(detail, node=short) if what == "node" else Place(detail, tensor=short)
            raise InvalidModel(detail, errors=[place])
