"""Sizes of positions after convolutions and pools, as the ONNX operators define them."""

from estimator.model.call import Call
from estimator.model.values import FREE


def window_sizes(call: Call, sizes: tuple[int | None, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
    """After sliding a window over axes of these sizes; FREE stays FREE."""
    count = len(sizes)
    strides, dilations = _each(call, "strides", count, 1), _each(call, "dilations", count, 1)
    pads = _each(call, "pads", 2 * count, 0)
    padding, ceil = call.attribute("auto_pad", "NOTSET"), call.attribute("ceil_mode", 0)
    found = []
    for axis, size in enumerate(sizes):
        stride, reach = strides[axis], dilations[axis] * (kernel[axis] - 1) + 1
        call.require(stride > 0 and reach > 0, "strides, dilations and kernels must be above 0")
        if size is None or size == FREE:
            found.append(FREE)
        elif padding in ("SAME_UPPER", "SAME_LOWER"):
            found.append(-(-size // stride))
        else:
            before, after = (pads[axis], pads[axis + count]) if padding == "NOTSET" else (0, 0)
            room = size + before + after - reach
            call.require(room >= 0, f"a window of {reach} on {size} positions")
            made = (-(-room // stride) if ceil else room // stride) + 1
            if ceil and (made - 1) * stride >= size + before:
                made -= 1  # a window may not start in the padding behind
            found.append(made)
    return tuple(found)


def transposed_sizes(call: Call, sizes: tuple[int | None, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
    """After a transposed convolution."""
    count = len(sizes)
    given = call.attribute("output_shape")
    if given is not None:
        return tuple(_each(call, "output_shape", count, 1))
    strides, dilations = _each(call, "strides", count, 1), _each(call, "dilations", count, 1)
    pads, more = _each(call, "pads", 2 * count, 0), _each(call, "output_padding", count, 0)
    padding = call.attribute("auto_pad", "NOTSET")
    found = []
    for axis, size in enumerate(sizes):
        if size is None or size == FREE:
            found.append(FREE)
        elif padding in ("SAME_UPPER", "SAME_LOWER"):
            found.append(size * strides[axis])
        else:
            cut = pads[axis] + pads[axis + count] if padding == "NOTSET" else 0
            reach = dilations[axis] * (kernel[axis] - 1) + 1
            made = strides[axis] * (size - 1) + more[axis] + reach - cut
            call.require(made > 0, "its output has no positions")
            found.append(made)
    return tuple(found)


def _each(call: Call, name: str, count: int, default: int) -> list[int]:
    values: list[int] = call.attribute(name, [default] * count)
    call.require(
        len(values) == count and all(isinstance(v, int) for v in values), f"{name} should be {count} integers"
    )
    return values
