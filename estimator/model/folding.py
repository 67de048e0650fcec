"""Constants made of constants: only their dims, and their values where these are a shape or axes."""

import math
import operator
from collections.abc import Callable

import onnx

from estimator.model.call import Call, Result, written
from estimator.model.folding_parts import joined_end_to_end, picked
from estimator.model.tensors import small_integers
from estimator.model.values import ROW_UNIT, ROWS, Constant, Shape, broadcast

_ELEMENTWISE = {
    "Add", "Sub", "Mul", "Div", "Mod", "Pow", "Sqrt", "Neg", "Reciprocal", "Exp", "Log", "Abs", "Tanh",
    "Sigmoid", "Relu", "Max", "Min", "Equal", "Greater", "Less", "Not", "And", "Or", "Where",
}  # fmt: skip
_SAME = {"Identity", "Cast", "Dropout", "QuantizeLinear", "DequantizeLinear"}
_WHOLE: dict[str, Callable[[int, int], int]] = {
    "Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": operator.floordiv,
    "Mod": operator.mod, "Equal": operator.eq, "Max": max, "Min": min,
}  # fmt: skip
MOST_ELEMENTS = 2**20  # of a constant that is made by repeating


def constant(call: Call) -> Result:
    """The node Constant."""
    for attribute in call.node.attribute:
        if attribute.name == "value" and attribute.HasField("t"):
            return _made(Constant(tuple(attribute.t.dims), small_integers(attribute.t)))
        if attribute.name == "value_int":
            return _made(Constant((), (attribute.i,)))
        if attribute.name == "value_ints":
            items = tuple(attribute.ints)
            return _made(Constant((len(items),), items if len(items) <= 64 else None))
        if attribute.name in ("value_float", "value_string"):
            return _made(Constant(()))
        if attribute.name in ("value_floats", "value_strings"):
            return _made(Constant((len(attribute.floats) + len(attribute.strings),)))
    raise call.invalid("Constant without a value")


def of_initializer(tensor: onnx.TensorProto) -> Constant:
    return Constant(tuple(tensor.dims), small_integers(tensor))


def fold(call: Call) -> Result:
    """A node whose inputs are all constant.

    Raises UnsupportedModel for operators that blow up (ConstantOfShape, Range, Tile) and all others.
    """
    kind = call.node.op_type
    inputs = [value for value in call.inputs if isinstance(value, Constant)]
    first = inputs[0] if inputs else None
    if first is not None:
        if kind in _SAME:
            return _made(first)
        if kind in _ELEMENTWISE:
            return _made(Constant(_joined(call, inputs), _computed(call, inputs)))
        if kind in ("Expand", "ConstantOfShape"):
            return _made(_repeated(call, inputs))
        if kind == "Transpose":
            order = call.attribute("perm", list(range(len(first.dims)))[::-1])
            call.require(sorted(order) == list(range(len(first.dims))), f"perm {order}")
            return _made(Constant(tuple(first.dims[a] for a in order)))
        if kind in ("Unsqueeze", "Squeeze"):
            return _made(Constant(_reranked(call, first), first.items))
        if kind == "ReduceProd":
            return _made(_multiplied(call, first))
        if kind == "Reshape":
            return _made(_reshaped(call, first))
        if kind == "Concat":
            return _made(joined_end_to_end(call, inputs))
        if kind in ("Gather", "Slice"):
            return _made(picked(call, first))
        if kind == "MatMul" and len(inputs) == 2 and all(len(c.dims) == 2 for c in inputs):
            call.require(inputs[0].dims[1] == inputs[1].dims[0], "the two matrices do not fit")
            return _made(Constant((inputs[0].dims[0], inputs[1].dims[1])))
    raise call.unsupported("it computes a constant in a way that is not supported; simplify the model before")


def _made(value: Constant) -> Result:
    return Result("constant", (value,))


def _joined(call: Call, inputs: list[Constant]) -> Shape:
    shape: Shape = ()
    for value in inputs:
        joined = broadcast(shape, value.dims)
        if joined is None:
            raise call.invalid("the shapes of its inputs do not fit")
        shape = joined
    return shape


def _computed(call: Call, inputs: list[Constant]) -> tuple[int | None, ...] | None:
    """Arithmetic on shapes: whole numbers, in which the number of rows stays a symbol."""
    compute = _WHOLE.get(call.node.op_type)
    if compute is None or len(inputs) != 2 or any(not c.items for c in inputs):
        return None
    left, right = ([ROW_UNIT if i is ROWS else i for i in c.items or ()] for c in inputs)
    size = max(len(left), len(right))
    if not {len(left), len(right)} <= {1, size} or size > 64:
        return None
    pairs = zip(left * (size // len(left)), right * (size // len(right)), strict=True)
    try:
        made = [int(compute(a, b)) for a, b in pairs]
    except ZeroDivisionError:
        return None
    return tuple(ROWS if i == ROW_UNIT else i for i in made) if all(abs(i) < 2**96 for i in made) else None


def _multiplied(call: Call, value: Constant) -> Constant:
    """ReduceProd of a shape: how many elements it has."""
    call.require(len(value.dims) == 1, "ReduceProd of a constant that is no shape")
    dims = (1,) if call.attribute("keepdims", 1) else ()
    if value.items is None:
        return Constant(dims)
    product = math.prod(ROW_UNIT if item is ROWS else item for item in value.items)
    return Constant(dims, (ROWS if product == ROW_UNIT else product,)) if product < 2**96 else Constant(dims)


def _repeated(call: Call, inputs: list[Constant]) -> Constant:
    """ConstantOfShape and Expand, to a bounded number of elements a row."""
    shape = inputs[-1].items
    if shape is None:
        raise call.unsupported("it makes a constant of a shape that is computed from the data")
    dims: Shape = tuple(shape)
    if call.node.op_type == "Expand":
        have = inputs[0].dims
        if len(have) == len(dims):  # rows that the model fixes to a number are rows
            have, dims = _fixed_rows(have, dims, call.batch), _fixed_rows(dims, have, call.batch)
        joined = broadcast(have, dims)
        if joined is None:
            raise call.invalid("the shapes of its inputs do not fit")
        dims = joined
    rest = math.prod(d for d in dims if d is not ROWS)
    if dims.count(ROWS) > 1 or not 0 < rest <= MOST_ELEMENTS or any(d is not ROWS and d < 1 for d in dims):
        raise call.unsupported(
            f"it makes a constant of shape {written(dims)}, which is too large or not sound"
        )
    return Constant(dims)


def _fixed_rows(dims: Shape, other: Shape, batch: int | None) -> Shape:
    return tuple(ROWS if b is ROWS and a == batch else a for a, b in zip(dims, other, strict=True))


def _reranked(call: Call, value: Constant) -> Shape:
    axes = call.integers("axes", 1)
    if call.node.op_type == "Squeeze":
        rank = len(value.dims)
        drop = [call.axis(a, rank) for a in axes] if axes is not None else None
        call.require(all(value.dims[a] == 1 for a in drop or ()), f"it drops axes of {written(value.dims)}")
        return tuple(d for a, d in enumerate(value.dims) if (a not in drop if drop is not None else d != 1))
    rank = len(value.dims) + len(axes or ())
    new = call.new_axes(axes or (), rank)
    old = iter(value.dims)
    return tuple(1 if a in new else next(old) for a in range(rank))


def _reshaped(call: Call, value: Constant) -> Constant:
    target = call.constant(1).items
    if target is None or None in target or ROWS in value.dims:
        raise call.unsupported("a constant of a computed shape")
    kept = [d or 0 for d in value.dims]
    wanted = [kept[i] if d == 0 and i < len(kept) else d or 0 for i, d in enumerate(target)]
    known = math.prod(d for d in wanted if d != -1)
    dims = tuple(value.size // known if d == -1 and known else d for d in wanted)
    call.require(
        math.prod(dims) == value.size and min(dims, default=1) >= 0, f"shape {list(target)} does not fit"
    )
    return Constant(dims, value.items)
