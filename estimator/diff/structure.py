"""Whether two networks are of one architecture, and which layer of the one is which of the other.

1. Layers are paired by name where both networks have the same names, else by position: exporters rename.
2. Paired layers must be of one kind and size, and connected alike.
3. Inputs must be the same features by name, in any order. Anything else is another architecture: refused.
"""

from collections import Counter

from estimator.errors import InvalidParameter, Place
from estimator.network import FlowNetwork, Layer


def paired_layers(base: FlowNetwork, head: FlowNetwork) -> tuple[int, ...]:
    """Position in `head.layers` of each layer of the base. Raises InvalidParameter, naming the layer."""
    if len(base.layers) != len(head.layers):
        raise _refuse(
            f"base has {len(base.layers)} layers ({_sizes(base)}), head {len(head.layers)} ({_sizes(head)})"
        )
    names = [layer.name for layer in head.layers]
    by_name = len(set(names)) == len(names) and {layer.name for layer in base.layers} == set(names)
    pairing = tuple(names.index(layer.name) if by_name else layer.index for layer in base.layers)
    for layer, other in zip(base.layers, (head.layers[i] for i in pairing), strict=True):
        if (layer.kind, layer.size) != (other.kind, other.size):
            raise _refuse(f"{_said(layer)} of base stands beside {_said(other)} of head", layer.name)
        if layer.kind == "input" and Counter(layer.neurons) != Counter(other.neurons):
            raise _other_inputs(layer, other)
    links = {(e.source, e.consumer) for e in head.edges}
    for source, consumer in sorted({(pairing[e.source], pairing[e.consumer]) for e in base.edges} ^ links):
        which = "head" if (source, consumer) in links else "base"
        ends = f"{head.layers[source].name!r} and {head.layers[consumer].name!r}"
        raise _refuse(f"only {which} has edges between the layers {ends}", head.layers[consumer].name)
    return pairing


def _other_inputs(layer: Layer, other: Layer) -> InvalidParameter:
    lacking = sorted(set(layer.neurons) - set(other.neurons))
    added = sorted(set(other.neurons) - set(layer.neurons))
    parts = [f"only base has {_some(lacking)}"] if lacking else []
    parts += [f"only head has {_some(added)}"] if added else []
    return _refuse(
        f"the inputs of layer {layer.name!r} differ: {'; '.join(parts) or 'in number'}", layer.name
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(repr(name[:60]) for name in names[:5]) + more


def _sizes(network: FlowNetwork) -> str:
    sizes = [str(layer.size) for layer in network.layers]
    return "-".join(sizes[:12]) + ("-..." if len(sizes) > 12 else "")


def _said(layer: Layer) -> str:
    return f"the {layer.kind} layer {layer.name!r} with {layer.size} neurons"


def _refuse(why: str, node: str | None = None) -> InvalidParameter:
    detail = (
        f"the networks are of different architectures: {why}; a diff needs two versions of one architecture"
    )
    return InvalidParameter(detail, errors=[Place(detail, field="head", node=node)])
