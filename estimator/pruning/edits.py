"""Inside of the child: the smaller graph.

1. What constant channels contribute goes into biases, in the numbering of the model as it was.
2. Weights lose their slices, each axis once; a tensor that several nodes share is copied before.
3. Groups of depthwise convolutions, shapes of reshapes; nodes and weights that nothing needs any more go.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from estimator.model.propagate import Flow
from estimator.pruning.channels import Component
from estimator.pruning.constants import Constants, Values
from estimator.pruning.fixed import unused_prefix
from estimator.pruning.folding import contribution
from estimator.pruning.needed import needed_only
from estimator.pruning.node_view import NodeView

Place = tuple[int, int]  # a node, and one of its inputs
Channels = Mapping[tuple[str, int], set[int]]  # (tensor, axis) -> indices that go
Key = TypeVar("Key")


def smaller(
    model: onnx.ModelProto,
    flow: Flow,
    going: Sequence[Component],
    values: Mapping[Place, Mapping[int, float]],
    constants: Constants,
) -> onnx.ModelProto:
    """A new model without the channels of these components.

    model: that `flow` was read from. values: of what is absorbed, (node, input) -> index -> value.
    """
    channels = _union([c.channels for c in going])
    edit = _Edit(model, flow, constants, channels)
    for (node, slot), absorbed in _union([c.absorbed for c in going]).items():
        indices = np.array(sorted(absorbed), dtype=np.int64)
        constant = np.array([values[node, slot][int(i)] for i in indices])
        if constant.any():
            edit.add(node, contribution(NodeView(flow, node), slot, indices, constant, constants))
    for (node, position, axis), lost in _union([c.slices for c in going]).items():
        edit.slice(node, position, axis, lost)
    edit.fewer_groups()
    edit.reshape({node for c in going for node in c.reshapes})
    return edit.model()


def _union(parts: Sequence[Mapping[Key, set[int]]]) -> dict[Key, set[int]]:
    found: dict[Key, set[int]] = {}
    for part in parts:
        for key, indices in part.items():
            found.setdefault(key, set()).update(indices)
    return found


class _Edit:
    """The nodes as copies, and the constant inputs of nodes that become others."""

    def __init__(self, model: onnx.ModelProto, flow: Flow, constants: Constants, channels: Channels) -> None:
        self._model, self._flow, self._constants, self._channels = model, flow, constants, channels
        self._nodes = [_copied(node) for node in flow.graph.nodes]
        self._after: dict[int, onnx.NodeProto] = {}
        self._changed: dict[Place, Values] = {}
        self._new: dict[Place, Values] = {}
        self._uses = Counter(name for node in flow.graph.nodes for name in node.input)
        self._prefix = unused_prefix(model, "nif_pruned")

    def _value(self, node: int, position: int) -> Values:
        place = (node, position)
        if place not in self._changed:
            self._changed[place] = self._constants[self._flow.graph.nodes[node].input[position]]
        return self._changed[place]

    def add(self, node: int, amount: NDArray[np.float64]) -> None:
        """To what the node computes: into its bias, that of the Add after it, or by a new one."""
        view = NodeView(self._flow, node)
        if view.operator == "MatMul":
            self._add_after(view, amount)
            return
        beta = float(view.attribute("beta", 1.0)) if view.operator == "Gemm" else 1.0
        if view.has_input(2) and beta != 0:
            bias = self._value(node, 2)
            total = (bias.astype(np.float64) + amount / beta).astype(bias.dtype)
            if total.shape != bias.shape:  # one number for all: its channels are not sliced later
                total = self._without_lost(view, total)
            self._changed[node, 2] = total
            return
        for attribute in self._nodes[node].attribute:
            if attribute.name == "beta":
                attribute.f = 1.0
        while len(self._nodes[node].input) < 3:
            self._nodes[node].input.append("")
        self._new[node, 2] = self._without_lost(view, amount).astype(self._weights(view).dtype)

    def _add_after(self, view: NodeView, amount: NDArray[np.float64]) -> None:
        result = view.node.output[0]
        users = self._flow.graph.consumers.get(result, ())
        returned = any(output.name == result for output in self._flow.graph.outputs)
        follower = NodeView(self._flow, users[0]) if len(users) == 1 and not returned else None
        if follower is not None and follower.operator == "Add":
            position = 1 - list(follower.node.input).index(result)
            if follower.constant(position) is not None:
                bias = self._value(follower.index, position)
                total = (bias.astype(np.float64) + amount).astype(bias.dtype)
                if total.shape == bias.shape:
                    self._changed[follower.index, position] = total
                    return
        name = f"{self._prefix}_sum{view.index}"
        self._nodes[view.index].output[0] = name
        after = helper.make_node("Add", [name, ""], [result])
        self._nodes.append(after)
        self._after[view.index] = after
        kind = self._weights(view).dtype
        self._new[len(self._nodes) - 1, 1] = self._without_lost(view, amount).astype(kind)

    def _weights(self, view: NodeView) -> Values:
        return self._constants[next(name for name in view.node.input if not self._flow.varies(name))]

    def _without_lost(self, view: NodeView, amount: NDArray[np.generic]) -> NDArray[np.generic]:
        """Without the channels that the node itself no longer makes. They lie along the last axis of a
        vector; along the first of (made, 1)."""
        result = view.node.output[0]
        rank = len(view.shape(result))
        left = view.operator == "MatMul" and amount.ndim == 2
        axis = 1 if view.operator == "Conv" else rank - 2 if left else rank - 1
        lost = self._channels.get((result, axis), set())
        return np.delete(amount, sorted(lost), axis=0 if left else -1)

    def slice(self, node: int, position: int, axis: int, indices: set[int]) -> None:
        value = self._value(node, position)
        self._changed[node, position] = np.delete(value, sorted(indices), axis=axis)

    def fewer_groups(self) -> None:
        for index, node in enumerate(self._flow.graph.nodes):
            view = NodeView(self._flow, index)
            gone = len(self._channels.get((node.input[0], 1), ())) if node.input else 0
            if node.op_type == "Conv" and gone and view.attribute("group", 1) > 1:
                for attribute in self._nodes[index].attribute:
                    if attribute.name == "group":
                        attribute.i -= gone

    def reshape(self, nodes: set[int]) -> None:
        """Rows as they come (0), the axis that lost channels as it results (-1), the others as they were."""
        for index in nodes:
            node = self._nodes[index]
            if node.op_type != "Reshape":
                continue
            view = NodeView(self._flow, index)
            (axis,) = (a for name, a in self._channels if name == node.output[0])
            shape = list(view.shape(node.output[0]))
            shape[0], shape[axis] = 0, -1
            for attribute in list(node.attribute):
                if attribute.name == "allowzero":
                    node.attribute.remove(attribute)
            self._new[index, 1] = np.array(shape, dtype=np.int64)

    def model(self) -> onnx.ModelProto:
        made = onnx.ModelProto()
        made.CopyFrom(self._model)
        graph = made.graph
        stored = {tensor.name: position for position, tensor in enumerate(graph.initializer)}
        for number, ((node, position), value) in enumerate(
            sorted((self._changed | self._new).items(), key=_at)
        ):
            old = self._nodes[node].input[position]
            alone = old in stored and self._uses[old] == 1 and (node, position) not in self._new
            name = old if alone else f"{self._prefix}{number}"
            tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
            if alone:
                graph.initializer[stored[old]].CopyFrom(tensor)
            else:
                graph.initializer.append(tensor)
                self._nodes[node].input[position] = name
        ordered = []
        for index in range(len(self._flow.graph.nodes)):
            ordered += [self._nodes[index], *([self._after[index]] if index in self._after else [])]
        del graph.node[:], graph.value_info[:]
        graph.node.extend(ordered)
        return needed_only(made)


def _copied(node: onnx.NodeProto) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    return copy


def _at(entry: tuple[Place, Values]) -> Place:
    return entry[0]
