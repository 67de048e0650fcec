"""What a model may be at most; published by the service, enforced before anything is parsed deeply."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelLimits:
    """Limits of an ONNX file.

    bytes: size of the file. depth: nesting of protobuf messages (a plain model needs about 6, each nested
    subgraph 3 more). fields: protobuf fields of the whole file. nodes: operators, those of subgraphs and
    functions included. unfolded_nodes: operators once every call of a local function is written out,
    and these calls.
    unfolded_bytes: size of what is written out of functions and branches.
    name_length: characters of any name. elements: numbers in one tensor. neurons: of one layer.
    layers: the inputs included.
    pairs: neuron pairs to be measured, between linked layers and within source layers.
    """

    bytes: int = 512 * 2**20
    depth: int = 40
    fields: int = 1_000_000
    nodes: int = 20_000
    unfolded_nodes: int = 20_000
    unfolded_bytes: int = 2**26
    name_length: int = 16_384
    elements: int = 2**28
    neurons: int = 20_000
    layers: int = 1_000
    pairs: int = 100_000_000
