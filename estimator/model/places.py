"""Errors about a model that say where: the node, its operator, the tensor."""

import onnx

from estimator.errors import InvalidModel, LimitExceeded, Place, UnsupportedModel

LONGEST_SHOWN = 120


def shown(name: str) -> str:
    """A name as it stands in a sentence: quoted, escaped, cut in the middle if it is very long."""
    if len(name) > LONGEST_SHOWN:
        half = LONGEST_SHOWN // 2
        return f"{name[:half]!r}...{name[-half:]!r} ({len(name)} characters)"
    return repr(name)


def label(node: onnx.NodeProto) -> str:
    """How a node is called in a sentence: its own name, or what it computes."""
    if node.name:
        return f"node {shown(node.name)}"
    return f"the node that computes {shown(node.output[0])}" if node.output else "a node without a name"


def operator(node: onnx.NodeProto) -> str:
    return f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type


def at_node(node: onnx.NodeProto, detail: str) -> Place:
    name = node.name or (node.output[0] if node.output else "")
    return Place(detail, node=name[:LONGEST_SHOWN], operator=operator(node)[:LONGEST_SHOWN])


def invalid_node(node: onnx.NodeProto, reason: str) -> InvalidModel:
    detail = f"{label(node)} ({shown(operator(node))[1:-1]}): {reason}"
    return InvalidModel(detail, errors=[at_node(node, detail)])


def unsupported_node(node: onnx.NodeProto, reason: str) -> UnsupportedModel:
    detail = f"{label(node)} ({shown(operator(node))[1:-1]}): {reason}"
    return UnsupportedModel(detail, errors=[at_node(node, detail)])


def invalid_tensor(name: str, reason: str) -> InvalidModel:
    detail = f"tensor {shown(name)}: {reason}"
    return InvalidModel(detail, errors=[Place(detail, tensor=name[:LONGEST_SHOWN])])


def unsupported_tensor(name: str, reason: str) -> UnsupportedModel:
    detail = f"tensor {shown(name)}: {reason}"
    return UnsupportedModel(detail, errors=[Place(detail, tensor=name[:LONGEST_SHOWN])])


def beyond(limit: str, what: str, seen: int, most: int, tensor: str | None = None) -> LimitExceeded:
    """The error for a published limit; `limit` is its field in `ModelLimits`."""
    detail = f"{what}: {seen:,}, at most {most:,} (limit model.{limit})"
    return LimitExceeded(detail, errors=[Place(detail, field=f"model.{limit}", tensor=tensor)])
