"""A model cut down to what computes the tensors that are wanted."""

import onnx


def keep_only(model: onnx.ModelProto, wanted: list[str]) -> onnx.ModelProto:
    """The same model with `wanted` as its outputs and without the nodes that none of them needs.

    What lies behind (ZipMap, ArgMax, a label) is neither run nor able to fail. Changes `model` in place.
    """
    graph = model.graph
    needed = set(wanted)
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input, _outer_names(node))
            kept.append(node)
    kept.reverse()
    inputs = {value.name for value in graph.input}
    del graph.node[:]
    graph.node.extend(kept)
    del graph.output[:]
    # An input of the graph is no output of it: the caller has its values already.
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted if name not in inputs)
    return model


def _outer_names(node: onnx.NodeProto) -> set[str]:
    """Names that the node's subgraphs (If, Loop, Scan) may take from outside."""
    names: set[str] = set()
    for attribute in node.attribute:
        for graph in [attribute.g, *attribute.graphs]:
            for inner in graph.node:
                names.update(inner.input)
                names |= _outer_names(inner)
            names.update(value.name for value in graph.output)
    return names
