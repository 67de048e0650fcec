"""A model without what none of its outputs needs."""

import onnx

from estimator.runtime.subgraph import keep_only


def needed_only(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the nodes and weights that no output needs; changed in place."""
    outputs = list(model.graph.output)
    inputs = list(model.graph.input)
    keep_only(model, [output.name for output in outputs])
    graph = model.graph
    del graph.output[:]
    graph.output.extend(outputs)
    used = {name for node in graph.node for name in node.input} | {output.name for output in outputs}
    stored = [tensor for tensor in graph.initializer if tensor.name in used]
    listed = {tensor.name for tensor in graph.initializer}
    del graph.initializer[:], graph.input[:]
    graph.initializer.extend(stored)
    graph.input.extend(value for value in inputs if value.name not in listed)
    model.ir_version = max(model.ir_version, 4)  # before it, weights had to be listed as inputs
    return model
