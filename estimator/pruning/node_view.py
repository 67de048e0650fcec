"""A node with what its rule asks of it: the shapes and values of what goes in and out."""

from dataclasses import dataclass
from typing import Any

import onnx

from estimator.model.places import operator
from estimator.model.propagate import Flow
from estimator.model.values import FREE, Constant, Signal, counts_rows


@dataclass(frozen=True)
class NodeView:
    flow: Flow
    index: int

    @property
    def node(self) -> onnx.NodeProto:
        return self.flow.graph.nodes[self.index]

    @property
    def operator(self) -> str:
        return operator(self.node)

    @property
    def name(self) -> str:
        """For messages: the operator, and the node's own name if it has one."""
        return f"{self.operator} {self.node.name!r}" if self.node.name else f"a {self.operator}"

    def attribute(self, name: str, default: Any = None) -> Any:
        for attribute in self.node.attribute:
            if attribute.name == name:
                return onnx.helper.get_attribute_value(attribute)
        return default

    def has_input(self, position: int) -> bool:
        return position < len(self.node.input) and bool(self.node.input[position])

    def signal(self, name: str) -> Signal | None:
        return self.flow.signal(name)

    def is_signal(self, position: int) -> bool:
        return self.has_input(position) and self.flow.signal(self.node.input[position]) is not None

    def constant(self, position: int) -> Constant | None:
        if not self.has_input(position):
            return None
        value = self.flow.values.get(self.node.input[position])
        return value if isinstance(value, Constant) else None

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a tensor; -1 where it counts rows or the file does not say."""
        value = self.flow.values.get(name)
        dims = value.dims if isinstance(value, Constant) else value.shape if isinstance(value, Signal) else ()
        return tuple(FREE if size is None or counts_rows(size) else size for size in dims)

    def integers(self, name: str, position: int) -> tuple[int, ...] | None:
        """Axes and the like: an attribute, or a constant input."""
        values = self.attribute(name)
        if values is not None:
            return tuple(values)
        constant = self.constant(position)
        if constant is None or constant.items is None or None in constant.items:
            return None
        return tuple(i for i in constant.items if i is not None)

    @property
    def signals_in(self) -> list[str]:
        return [name for name in self.node.input if name and self.flow.signal(name) is not None]
