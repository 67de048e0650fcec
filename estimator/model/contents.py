"""Every graph, node and tensor of a model file, wherever it hides: subgraphs, functions, attributes."""

from collections.abc import Iterator

import onnx


def graphs_of(nodes: Iterator[onnx.NodeProto] | list[onnx.NodeProto]) -> Iterator[onnx.GraphProto]:
    """The subgraphs directly below these nodes."""
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield attribute.g
            yield from attribute.graphs


def all_graphs(model: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """The main graph, and every subgraph of its nodes and of functions, at any depth."""
    waiting = [model.graph]
    for function in model.functions:
        waiting += graphs_of(list(function.node))
        waiting += [
            g for a in function.attribute_proto for g in (*([a.g] if a.HasField("g") else []), *a.graphs)
        ]
    while waiting:
        graph = waiting.pop()
        yield graph
        waiting += graphs_of(list(graph.node))


def all_nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    for graph in all_graphs(model):
        yield from graph.node
    for function in model.functions:
        yield from function.node


def all_sparse(model: onnx.ModelProto) -> Iterator[tuple[str, onnx.SparseTensorProto]]:
    for graph in all_graphs(model):
        yield from ((sparse.values.name, sparse) for sparse in graph.sparse_initializer)
    for place, attribute in _attributes(model):
        if attribute.HasField("sparse_tensor"):
            yield place, attribute.sparse_tensor
        yield from ((place, sparse) for sparse in attribute.sparse_tensors)


def all_tensors(model: onnx.ModelProto) -> Iterator[tuple[str, onnx.TensorProto]]:
    """Every tensor of the file with a name for it, wherever it hides."""
    for graph in all_graphs(model):
        yield from ((tensor.name, tensor) for tensor in graph.initializer)
    for place, attribute in _attributes(model):
        if attribute.HasField("t"):
            yield attribute.t.name or place, attribute.t
        yield from ((tensor.name or place, tensor) for tensor in attribute.tensors)
    for place, sparse in all_sparse(model):
        yield sparse.values.name or place, sparse.values
        yield sparse.indices.name or place, sparse.indices


def _attributes(model: onnx.ModelProto) -> Iterator[tuple[str, onnx.AttributeProto]]:
    for node in all_nodes(model):
        place = node.output[0] if node.output else node.name
        yield from ((place, attribute) for attribute in node.attribute)
    for function in model.functions:
        yield from ((f"{function.name}.{a.name}", a) for a in function.attribute_proto)
