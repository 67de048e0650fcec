"""Constants made of constants: only their dims, and their values where these are a shape or axes."""

import math

import onnx

from estimator.model.call import Call, Result
from estimator.model.tensors import small_integers
from estimator.model.values import Constant, Shape, broadcast

_ELEMENTWISE = {"Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Neg", "Reciprocal", "Exp", "Log", "Abs", "Tanh",
                "Sigmoid", "Relu", "Max", "Min"}  # fmt: skip
_SAME = {"Identity", "Cast", "Dropout"}


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
            return _made(Constant(_joined(call, inputs)))
        if kind == "Transpose":
            order = call.attribute("perm", list(range(len(first.dims)))[::-1])
            call.require(sorted(order) == list(range(len(first.dims))), f"perm {order}")
            return _made(Constant(tuple(first.dims[a] for a in order)))
        if kind in ("Unsqueeze", "Squeeze"):
            return _made(Constant(_reranked(call, first), first.items))
        if kind == "Reshape":
            return _made(_reshaped(call, first))
        if kind == "Concat":
            return _made(_joined_end_to_end(call, inputs))
        if kind in ("Gather", "Slice") and first.items is not None and len(first.dims) == 1:
            return _made(_picked(call, first.items))
        if kind == "MatMul" and len(inputs) == 2 and all(len(c.dims) == 2 for c in inputs):
            call.require(inputs[0].dims[1] == inputs[1].dims[0], "the two matrices do not fit")
            return _made(Constant((inputs[0].dims[0], inputs[1].dims[1])))
    raise call.unsupported("it computes a constant in a way that is not supported; simplify the model before")


def _made(value: Constant) -> Result:
    return Result("constant", (value,))


def _joined(call: Call, inputs: list[Constant]) -> tuple[int, ...]:
    shape: Shape = ()
    for value in inputs:
        joined = broadcast(shape, value.dims)
        if joined is None:
            raise call.invalid("the shapes of its inputs do not fit")
        shape = joined
    return tuple(size or 0 for size in shape)


def _reranked(call: Call, value: Constant) -> tuple[int, ...]:
    axes = call.integers("axes", 1)
    if call.node.op_type == "Squeeze":
        rank = len(value.dims)
        drop = [call.axis(a, rank) for a in axes] if axes is not None else None
        return tuple(d for a, d in enumerate(value.dims) if (a not in drop if drop is not None else d != 1))
    rank = len(value.dims) + len(axes or ())
    new = {call.axis(a, rank) for a in axes or ()}
    old = iter(value.dims)
    return tuple(1 if a in new else next(old) for a in range(rank))


def _reshaped(call: Call, value: Constant) -> Constant:
    target = call.constant(1).items
    if target is None or None in target:
        raise call.unsupported("a constant of a computed shape")
    wanted = [value.dims[i] if d == 0 and i < len(value.dims) else d or 0 for i, d in enumerate(target)]
    known = math.prod(d for d in wanted if d != -1)
    dims = tuple(value.size // known if d == -1 and known else d for d in wanted)
    call.require(
        math.prod(dims) == value.size and min(dims, default=1) >= 0, f"shape {list(target)} does not fit"
    )
    return Constant(dims, value.items)


def _joined_end_to_end(call: Call, inputs: list[Constant]) -> Constant:
    rank = len(inputs[0].dims)
    call.require(rank > 0 and all(len(c.dims) == rank for c in inputs), "its inputs differ in their axes")
    axis = call.axis(call.attribute("axis", 0), rank)
    dims = list(inputs[0].dims)
    dims[axis] = sum(c.dims[axis] for c in inputs)
    known = rank == 1 and all(c.items is not None for c in inputs)
    return Constant(tuple(dims), tuple(i for c in inputs for i in c.items or ()) if known else None)


def _picked(call: Call, items: tuple[int | None, ...]) -> Constant:
    if call.node.op_type == "Gather":
        chosen = call.constant(1)
        if chosen.items is None or None in chosen.items:
            raise call.unsupported("its indices are computed")
        size = len(items)
        call.require(all(-size <= i < size for i in chosen.items if i is not None), "an index beyond the end")
        return Constant(chosen.dims, tuple(items[i] for i in chosen.items if i is not None))
    starts, ends = call.integers("starts", 1) or (0,), call.integers("ends", 2) or (len(items),)
    part = items[starts[0] : ends[0] : (call.integers("steps", 4) or (1,))[0]]
    return Constant((len(part),), part)
