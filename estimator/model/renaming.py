"""Names for nodes that are written out of a function or a branch: none may meet another of the model."""

from collections.abc import Mapping

import onnx

from estimator.model.contents import all_nodes

_LONGEST_PREFIX = 200


def unused_mark(model: onnx.ModelProto) -> str:
    """A string that no name of a tensor in the model begins with."""
    names = {name for node in all_nodes(model) for name in (*node.input, *node.output)}
    names |= {tensor.name for tensor in model.graph.initializer}
    mark = "unfolded."
    while any(name.startswith(mark) for name in names):
        mark = "_" + mark
    return mark


class Names:
    """Renames what a body makes. known: names that stand for tensors outside of it. own: the names that are
    the body's, None for all that are not known. outputs: the body's outputs and what they are called outside.
    """

    def __init__(self, prefix: str, path: str, node_names: dict[str, int]) -> None:
        self._prefix, self._path, self._node_names = prefix, path[-_LONGEST_PREFIX:], node_names
        self.known: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.own: set[str] | None = None

    def name(self, name: str) -> str:
        if not name or name in self.known:
            return self.known.get(name, "")
        return name if self.own is not None and name not in self.own else f"{self._prefix}.{name}"

    def node(self, node: onnx.NodeProto, given: Mapping[str, onnx.AttributeProto] | None) -> onnx.NodeProto:
        """A copy under its new names. given: the attributes of the function's call, None in a branch."""
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = [self.name(name) for name in node.input]
        copy.output[:] = [self.name(name) for name in node.output]
        copy.name = self._node_name(node.name) if node.name else ""
        del copy.attribute[:]
        for attribute in node.attribute:
            made = onnx.AttributeProto()
            if attribute.ref_attr_name and given is not None:
                if attribute.ref_attr_name not in given:
                    continue  # neither the call nor the function gives it: the operator's own default
                made.CopyFrom(given[attribute.ref_attr_name])
                made.name = attribute.name
            else:
                made.CopyFrom(attribute)
                for graph in [*([made.g] if made.HasField("g") else []), *made.graphs]:
                    self._graph(graph, given)
            copy.attribute.append(made)
        return copy

    def _graph(self, graph: onnx.GraphProto, given: Mapping[str, onnx.AttributeProto] | None) -> None:
        nodes = [self.node(node, given) for node in graph.node]
        del graph.node[:]
        graph.node.extend(nodes)
        for entry in (*graph.initializer, *graph.input, *graph.output):
            entry.name = self.name(entry.name)

    def _node_name(self, name: str) -> str:
        free = first = f"{self._path}/{name}"[-2 * _LONGEST_PREFIX :]
        number = self._node_names.get(first, 0) + 1  # of the names that begin so, how many there are
        while free in self._node_names:
            number += 1
            free = f"{first}_{number}"
        self._node_names[first] = number
        self._node_names.setdefault(free, 1)
        return free
