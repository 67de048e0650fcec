"""What every tensor of the graph is, by one pass over the nodes with the table of operators."""

from dataclasses import dataclass, replace

import onnx

from estimator.errors import UnsupportedModel
from estimator.model.blocks import find_blocks
from estimator.model.call import Call, Result, Step
from estimator.model.decisions import relabel
from estimator.model.folding import fold, of_initializer
from estimator.model.graph import Graph
from estimator.model.operators import AFTER_A_LABEL, OPERATORS, REFUSED
from estimator.model.places import operator, unsupported_node
from estimator.model.values import Constant, Label, Shape, Signal, Value


@dataclass(frozen=True)
class Flow:
    """values: of each tensor. steps: of each node of the graph, in order."""

    graph: Graph
    values: dict[str, Value]
    steps: tuple[Step, ...]

    def signal(self, tensor: str) -> Signal | None:
        value = self.values.get(tensor)
        return value if isinstance(value, Signal) else None

    def consumers(self, tensor: str) -> tuple[int, ...]:
        """Nodes of the network that use a tensor; decisions about it don't count."""
        used = self.graph.consumers.get(tensor, ())
        return tuple(i for i in used if self.steps[i] not in ("label", "constant"))

    def sources(self, node: int) -> list[str]:
        """The inputs of a node that depend on the row."""
        return [name for name in self.graph.nodes[node].input if self.varies(name)]

    def varies(self, tensor: str) -> bool:
        return isinstance(self.values.get(tensor), Signal | Label)


def propagate(graph: Graph, shapes: dict[str, Shape], opsets: dict[str, int], batch: int | None) -> Flow:
    """shapes: of the graph's inputs, rows included.

    Raises: UnsupportedModel naming node and operator; InvalidModel where shapes don't fit.
    """
    values: dict[str, Value] = {name: of_initializer(t) for name, t in graph.initializers.items()}
    for name, shape in shapes.items():
        values[name] = Signal(shape=shape, axis=min(1, len(shape) - 1), base=name)
    steps: list[Step] = []
    blocks, given = find_blocks(graph), frozenset(shapes)
    for index, node in enumerate(graph.nodes):
        domain = "" if node.domain == "ai.onnx" else node.domain
        inputs = tuple(values.get(name) if name else None for name in node.input)
        result = _apply(Call(node, inputs, opsets.get(domain, 1), batch, given))
        if index in blocks.inner and result.step in ("pointwise", "nonlinear"):
            result = Result("mix", tuple(_within_block(value) for value in result.values))
        elif index in blocks.curved_sums:
            result = Result("nonlinear", tuple(_curved(value) for value in result.values))
        steps.append(result.step)
        for name, value in zip(node.output, result.values, strict=False):
            values[name] = value
        for name in filter(None, node.output[len(result.values) :]):
            raise unsupported_node(node, f"its output {name!r} is not supported, only the first is")
    return Flow(graph, values, tuple(steps))


def _within_block(value: Value) -> Value:
    return replace(value, nonlinear=False, heads=None) if isinstance(value, Signal) else value


def _curved(value: Value) -> Value:
    return replace(value, nonlinear=True) if isinstance(value, Signal) else value


def _apply(call: Call) -> Result:
    name = operator(call.node)
    if name in REFUSED:
        raise call.unsupported(REFUSED[name])
    if call.node.input and name != "Shape" and all(isinstance(v, Constant | None) for v in call.inputs):
        return fold(call)
    rule = OPERATORS.get(name)
    if rule is None:
        raise _unknown(call.node)
    if any(isinstance(value, Label) for value in call.inputs) and name in AFTER_A_LABEL:
        return relabel(call)
    return rule(call)


def _unknown(node: onnx.NodeProto) -> UnsupportedModel:
    return unsupported_node(
        node, f"the operator {operator(node)[:80]} is not supported; docs/models.md lists those that are"
    )
