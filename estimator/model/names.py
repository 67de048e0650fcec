"""Names of layers: the model's own where it has them, without the marks that exporters leave."""

import re
from collections.abc import Sequence
from itertools import takewhile

import onnx

# What exporters append to a module's name for its weights: torch, Keras and tf2onnx.
_WEIGHT = re.compile(r"(.+?)[./](weight|kernel|W|MatMul/ReadVariableOp|Conv2D/ReadVariableOp)(:0)?$")
_WEIGHTED = ("Gemm", "MatMul", "Conv", "ConvTranspose")
# Positions in a torch.nn.Sequential and numbers given by an exporter name nothing.
_NOISE_MODULE = re.compile(r"(onnx::.*|\d+)$")


def layer_name(nodes: Sequence[onnx.NodeProto], *, block: bool = False) -> str | None:
    """A readable name from the nodes of a layer: that of its last weights, `encoder.fc1`, else of its last
    node with one; None if there is none. block: of several weights side by side, as in attention, the module
    that holds them."""
    weighted = [name for node in reversed(nodes) if (name := _of_weights(node)) is not None]
    if weighted:
        return (_in_common(weighted) if block else None) or weighted[0]
    return next((path for node in reversed(nodes) if (path := _module(node)) is not None), None)


def _of_weights(node: onnx.NodeProto) -> str | None:
    if node.op_type not in _WEIGHTED:
        return None
    for tensor in node.input:
        found = _WEIGHT.match(tensor)
        if found and not _NOISE_MODULE.match(found[1]):
            return found[1]
    return _module(node)


def _in_common(names: Sequence[str]) -> str | None:
    """The module that holds them all: `block.attention` of `block.attention.query` and `.key`."""
    mark = "/" if "/" in names[0] else "."
    levels = zip(*(name.split(mark) for name in names), strict=False)
    return mark.join(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, levels)) or None


def _module(node: onnx.NodeProto) -> str | None:
    """`/encoder/fc1/Gemm` and `model/encoder/fc1/MatMul` are of module `encoder/fc1`; `hidden` is itself."""
    path = [part for part in node.name.split("/") if part]
    if path and re.fullmatch(rf"{re.escape(node.op_type)}(_\d+)?", path[-1]):
        path = path[:-1]
        return "/".join(path) if path and not _NOISE_MODULE.match(path[-1]) else None
    if not path or "/" in node.name:
        return "/".join(path) or None
    noise = re.fullmatch(rf"(node_.*|n?_?\d+|{re.escape(node.op_type)}[_\d]*)", node.name, re.IGNORECASE)
    return None if noise else node.name


def made_unique(names: Sequence[str]) -> list[str]:
    """Each name once: the second `relu` is `relu_2`, or the next number that is free."""
    taken, result = set(names), list[str]()
    used: set[str] = set()
    for name in names:
        number, free = 2, name
        while free in used or (free != name and free in taken):
            free = f"{name}_{number}"
            number += 1
        used.add(free)
        result.append(free)
    return result
