"""A model written out: calls of local functions by their bodies, Ifs of a constant condition by a branch.

The graph that comes out is what is read at the door and what is run in the child: made by the same steps
from the same bytes, its names are the same in both. `check_functions` must have counted before what the
functions unfold to; each call costs what its body holds.
"""

from collections.abc import Iterable
from typing import TypeVar

import onnx

from estimator.model.contents import graphs_of
from estimator.model.functions import Key, domain_of
from estimator.model.limits import ModelLimits
from estimator.model.places import beyond, invalid_node, unsupported_node
from estimator.model.renaming import Names, unused_mark
from estimator.model.tensors import small_integers

DEFAULT_LIMITS = ModelLimits()
_STANDARD = ("", "ai.onnx", "ai.onnx.ml")
Made = TypeVar("Made", onnx.NodeProto, onnx.TensorProto)


def unfold(model: onnx.ModelProto, limits: ModelLimits = DEFAULT_LIMITS) -> onnx.ModelProto:
    """The same model without local functions and without Ifs of a constant condition, changed in place.

    Raises UnsupportedModel for a function made for another version of the operators, and for an If that
    depends on the data; LimitExceeded where constants in functions would be copied too often.
    """
    functions = {(domain_of(f.domain), f.name, f.overload): f for f in model.functions}
    graph = model.graph
    if not functions and not any(True for _ in graphs_of(list(graph.node))):
        return model
    written = _Writer(model, functions, limits)
    nodes = written.out(list(graph.node))
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(written.initializers)
    del model.functions[:]
    kept = [opset for opset in model.opset_import if opset.domain in _STANDARD]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    return model


class _Writer:
    """Writes nodes out one after the other; `initializers` are those of the branches that were taken."""

    def __init__(
        self, model: onnx.ModelProto, functions: dict[Key, onnx.FunctionProto], limits: ModelLimits
    ) -> None:
        self._functions, self._limits, self._bytes = functions, limits, 0
        self._versions = _versions(model.opset_import)
        self._mark, self._node_names = unused_mark(model), {node.name: 1 for node in model.graph.node}
        self._constants = {tensor.name: small_integers(tensor) for tensor in model.graph.initializer}
        self._calls = 0
        self.initializers: list[onnx.TensorProto] = []

    def out(self, nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
        waiting, done = nodes[::-1], []
        while waiting:
            node = waiting.pop()
            function = self._functions.get((domain_of(node.domain), node.op_type, node.overload))
            if function is not None:
                waiting += self._body(node, function)[::-1]
            elif node.op_type == "If" and node.domain in _STANDARD:
                waiting += self._branch(node)[::-1]
            else:
                self._remember(node)
                done.append(node)
        return done

    def _body(self, call: onnx.NodeProto, function: onnx.FunctionProto) -> list[onnx.NodeProto]:
        """The function's nodes under names of this call, with its attributes put in."""
        for domain, version in _versions(function.opset_import).items():
            if domain in _STANDARD and self._versions.get(domain, version) != version:
                raise unsupported_node(
                    call, f"its function is made for version {version} of the operators, the model is for "
                    f"{self._versions[domain]}; export the model with one version"
                )  # fmt: skip
        formal = list(function.input)
        if len(call.input) > len(formal) or len(call.output) > len(function.output):
            raise invalid_node(call, "it has more inputs or outputs than the function that it calls")
        rename = self._fresh_names(call)
        rename.outputs = dict(zip(function.output, call.output, strict=False))
        rename.known = rename.outputs | dict(zip(formal, [*call.input, *[""] * len(formal)], strict=False))
        given = {a.name: a for a in function.attribute_proto} | {a.name: a for a in call.attribute}
        passed_through = [name for name in function.output if name in formal]
        body = [self._counted(rename.node(node, given)) for node in function.node]
        for name in passed_through:  # an output that is an input as it came
            output = rename.outputs.get(name)
            if output:
                body.append(onnx.helper.make_node("Identity", [rename.known[name]], [output]))
        return body

    def _branch(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        condition = self._constants.get(node.input[0]) if node.input else None
        if condition is None or len(condition) != 1:
            raise unsupported_node(
                node, "which branch is taken depends on the data; only a constant condition is supported"
            )
        wanted = "then_branch" if condition[0] else "else_branch"
        graph = next((a.g for a in node.attribute if a.name == wanted and a.HasField("g")), None)
        if graph is None or len(graph.output) < len(node.output) or graph.input:
            raise unsupported_node(node, f"its {wanted} is not sound")
        rename = self._fresh_names(node)
        made = {name for inner in graph.node for name in inner.output if name}
        stored = {tensor.name for tensor in graph.initializer}
        rename.own = made | stored
        ends = []
        for name, output in zip((o.name for o in graph.output), node.output, strict=False):
            if name in made and name not in rename.known:
                rename.known[name] = output
            else:
                ends.append((name, output))
        for tensor in graph.initializer:
            copy = onnx.TensorProto()
            copy.CopyFrom(tensor)
            copy.name = rename.name(tensor.name)
            self.initializers.append(self._counted(copy))
            self._constants[copy.name] = small_integers(copy)
        body = [self._counted(rename.node(inner, None)) for inner in graph.node]
        return body + [onnx.helper.make_node("Identity", [rename.name(a)], [b]) for a, b in ends]

    def _counted(self, made: Made) -> Made:
        self._bytes += made.ByteSize()
        if self._bytes > self._limits.unfolded_bytes:
            what = "bytes once functions and branches are written out"
            raise beyond("unfolded_bytes", what, self._bytes, self._limits.unfolded_bytes)
        return made

    def _fresh_names(self, node: onnx.NodeProto) -> Names:
        self._calls += 1
        return Names(f"{self._mark}{self._calls}", node.name or node.op_type, self._node_names)

    def _remember(self, node: onnx.NodeProto) -> None:
        """The value of a constant that an If may ask for."""
        if not node.output:
            return
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value" and attribute.HasField("t"):
                    self._constants[node.output[0]] = small_integers(attribute.t)
                elif attribute.name == "value_int":
                    self._constants[node.output[0]] = (attribute.i,)
        elif node.op_type in ("Identity", "Cast") and node.input and node.input[0] in self._constants:
            self._constants[node.output[0]] = self._constants[node.input[0]]
        elif node.op_type == "Not" and node.input and self._constants.get(node.input[0]) is not None:
            self._constants[node.output[0]] = tuple(int(not v) for v in self._constants[node.input[0]] or ())


def _versions(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    return {domain_of(opset.domain): opset.version for opset in imports}
