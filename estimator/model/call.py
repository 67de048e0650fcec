"""One node with what is known of its inputs: what the rules in the table of operators read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import onnx

from estimator.errors import InvalidModel, UnsupportedModel
from estimator.model.places import invalid_node, shown, unsupported_node
from estimator.model.values import (
    FREE,
    ROW_UNIT,
    ROWS,
    Constant,
    Shape,
    Signal,
    Value,
    counts_rows,
    rows_axes,
)

# What a node does to the neurons:
# constant   the same for every row
# plumbing   the same neurons, moved or picked
# scalar     every neuron scaled or shifted alike, affine     each by constants of its own
# pointwise  a nonlinear function of each neuron
# mix        linear combinations: new neurons, nonlinear  new neurons that are no linear combination
# label      a decision made from the outputs
Step = Literal["constant", "plumbing", "scalar", "affine", "pointwise", "mix", "nonlinear", "label"]
OTHER_ROWS = (
    "the output of a row depends on other rows; only models that treat each row by itself are analysed"
)
NOT_DETERMINISTIC = "it is not deterministic; export the model for inference"


@dataclass(frozen=True)
class Result:
    step: Step
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Call:
    """node: the node. inputs: a value an input, None where one is left out. opset: version of its domain.
    batch: the number of rows that the model is fixed to, if it is. given: the names of the model's inputs."""

    node: onnx.NodeProto
    inputs: tuple[Value | None, ...]
    opset: int
    batch: int | None
    given: frozenset[str] = frozenset()

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value as Python has it; text as str.

        Raises InvalidModel where the value isn't of the type of the default or is declared otherwise.
        """
        for attribute in self.node.attribute:
            if attribute.name == name:
                try:
                    value = onnx.helper.get_attribute_value(attribute)
                except ValueError:
                    raise self.invalid(f"attribute {shown(name)} has no type") from None
                if isinstance(value, bytes):
                    value = value.decode(errors="replace")
                if default is not None and type(value) is not type(default):
                    raise self.invalid(f"attribute {name} is of another type than {type(default).__name__}")
                return value
        return default

    def integers(self, name: str, position: int) -> tuple[int, ...] | None:
        """Axes and the like: an attribute in old operators, a constant input in new ones."""
        values = self.attribute(name)
        if values is not None:
            if not isinstance(values, Sequence) or not all(isinstance(v, int) for v in values):
                raise self.invalid(f"attribute {name} is not a list of integers")
            return tuple(values)
        given = self.optional(position)
        if given is None:
            return None
        items = given.items if isinstance(given, Constant) else None
        if items is None or any(map(counts_rows, items)):
            raise self.unsupported(f"its {name} are computed; only constant {name} are supported")
        return tuple(item for item in items if item is not None)

    def optional(self, position: int) -> Value | None:
        return self.inputs[position] if position < len(self.inputs) else None

    def value(self, position: int) -> Value:
        found = self.optional(position)
        if found is None:
            raise self.invalid(f"its input {position} is missing")
        return found

    def signal(self, position: int = 0) -> Signal:
        """An input that depends on the row."""
        found = self.value(position)
        if isinstance(found, Signal):
            return found
        if isinstance(found, Constant):
            raise self.unsupported(f"its input {shown(self.node.input[position])} is a constant")
        raise self.unsupported("it computes with a label, which is a decision and no activation")

    def constant(self, position: int) -> Constant:
        found = self.value(position)
        if not isinstance(found, Constant):
            raise self.unsupported(
                f"its input {shown(self.node.input[position])} depends on the data; "
                "only a constant is supported"
            )
        return found

    def signals(self) -> tuple[Signal, ...]:
        return tuple(value for value in self.inputs if isinstance(value, Signal))

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from 0; negative ones count from the end."""
        if not -rank <= axis < rank:
            raise self.invalid(f"axis {axis} of a tensor with {rank} axes")
        return axis % rank

    def new_axes(self, axes: Sequence[int], rank: int) -> set[int]:
        """Where Unsqueeze puts axes into a tensor that has `rank` of them then."""
        new = {self.axis(axis, rank) for axis in axes}
        self.require(len(new) == len(axes), f"it says an axis twice: {list(axes)}")
        return new

    def out(self, position: int = 0) -> str:
        return self.node.output[position] if position < len(self.node.output) else ""

    def fresh(
        self,
        shape: Shape,
        axis: int,
        *,
        nonlinear: bool = False,
        position: int = 0,
        heads: int | None = None,
    ) -> Signal:
        """New neurons, which the output of this node is the base of."""
        if rows_axes(shape) != 1 or len(shape) < 1:
            raise self.unsupported(OTHER_ROWS)
        if axis < len(shape) and counts_rows(shape[axis]) and len(shape) > 1:
            raise self.unsupported("rows and neurons fall together in its output")
        return Signal(shape, axis, self.out(position), nonlinear=nonlinear, heads=heads)

    def require(self, condition: bool, reason: str) -> None:
        if not condition:
            raise self.invalid(reason)

    def invalid(self, reason: str) -> InvalidModel:
        return invalid_node(self.node, reason)

    def unsupported(self, reason: str) -> UnsupportedModel:
        return unsupported_node(self.node, reason)


def written(shape: Shape) -> str:
    """A shape as it stands in a sentence: [rows, 4]."""
    return "[" + ", ".join(map(_size, shape)) + "]"


def _size(size: int | None) -> str:
    if size is ROWS:
        return "rows"
    if size == FREE:
        return "?"
    return f"rows x {size // ROW_UNIT}" if counts_rows(size) else str(size)
