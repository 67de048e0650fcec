"""What was recognised in an ONNX model: its features, its layers, and how they are connected."""

from dataclasses import dataclass

from estimator.network import LayerKind


@dataclass(frozen=True)
class ModelInput:
    """An input tensor of the graph. shape: None where a dimension is free; the first is the rows'."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class PlannedLayer:
    """A layer and the tensor that holds its activations.

    tensor: the ONNX value to read (for an input layer, the graph input). size: number of neurons.
    neuron_axis, row_axis: the axes of the tensor that count neurons and rows; the mean is taken over all
    others. head_axis: an axis that counts neurons as well, before neuron_axis (heads, directions). A tensor
    that has only the axis of the rows is one neuron. The input layer holds the columns of all
    `ModelPlan.inputs`, in order, each flattened row-major; its tensor is the first of them.
    neurons: the names of the neurons, `size` of them. operators, meaning: as in `estimator.network.Layer`.
    """

    index: int
    name: str
    kind: LayerKind
    level: int
    tensor: str
    size: int
    neurons: tuple[str, ...]
    neuron_axis: int = 1
    row_axis: int = 0
    operators: tuple[str, ...] = ()
    meaning: str | None = None
    head_axis: int | None = None


@dataclass(frozen=True)
class ModelPlan:
    """A model as it will be analysed.

    features: names that the model itself gives to its inputs' columns, in order, or None (see
    docs/models.md: metadata `nif.inputs`, or one input tensor a column).
    links: (source layer, consumer layer), sorted.
    """

    sha256: str
    inputs: tuple[ModelInput, ...]
    features: tuple[str, ...] | None
    layers: tuple[PlannedLayer, ...]
    links: tuple[tuple[int, int], ...]
    opset: int
    ir_version: int
