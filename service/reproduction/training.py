"""Train a small network and write it as ONNX.

1. Linear and ReLU layers as torch initialises them from the seed; cross entropy, Adam, all rows at once.
2. Standardised features: the network learns on (x - mean) / sd; afterwards the scaling moves into the first
   layer's weights, so that every model takes the table's own columns.
3. Export by torch.onnx with a softmax at the end; names of features and classes in the metadata.

On one thread: the same seed gives the same weights, on one machine and version.
"""

import json
from collections import OrderedDict

import numpy as np
import onnx
import torch

from estimator.mutual_information.threads import torch_on_one_thread
from service.reproduction.data import Data
from service.reproduction.recipes import STEPS, Recipe


def train(data: Data, recipe: Recipe, seed: int) -> torch.nn.Sequential:
    """The trained network: features as in the table in, probabilities out."""
    mean, sd = np.zeros(len(data.names)), np.ones(len(data.names))
    if recipe.standardised:
        mean, sd = data.features.mean(axis=0), data.features.std(axis=0)
    x = torch.from_numpy(((data.features - mean) / sd).astype(np.float32))
    y = torch.from_numpy(data.labels)
    network = _network(len(data.names), recipe.hidden, len(data.classes), seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.rate)
    with torch_on_one_thread("cpu"):
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    _take_scaling_in(network, torch.from_numpy(mean), torch.from_numpy(sd))
    network.add_module("softmax", torch.nn.Softmax(dim=1))
    return network.eval()


def _network(inputs: int, hidden: tuple[int, ...], outputs: int, seed: int) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    layers: OrderedDict[str, torch.nn.Module] = OrderedDict()
    width = inputs
    for number, size in enumerate(hidden, 1):
        suffix = "" if len(hidden) == 1 else f"_{number}"
        layers[f"hidden{suffix}"] = torch.nn.Linear(width, size)
        layers[f"relu{suffix}"] = torch.nn.ReLU()
        width = size
    layers["output"] = torch.nn.Linear(width, outputs)
    return torch.nn.Sequential(layers)


def _take_scaling_in(network: torch.nn.Sequential, mean: torch.Tensor, sd: torch.Tensor) -> None:
    """W ((x - mean) / sd) + b = (W / sd) x + (b - (W / sd) mean)."""
    first = network[0]
    if not isinstance(first, torch.nn.Linear):
        raise AssertionError("the first module is the first layer")
    with torch.no_grad():
        weight = first.weight.double() / sd
        first.bias.copy_(first.bias.double() - weight @ mean)
        first.weight.copy_(weight)


def exported(network: torch.nn.Sequential, data: Data) -> bytes:
    """The network as an ONNX file, without paths of this machine in it."""
    example = torch.from_numpy(data.features[:2].astype(np.float32))
    program = torch.onnx.export(
        network, (example,), input_names=["features"], output_names=["probabilities"],
        dynamic_shapes=({0: torch.export.Dim("rows")},), dynamo=True, verbose=False,
    )  # fmt: skip
    if program is None:
        raise AssertionError("the exporter gives a program")
    proto = program.model_proto
    for node in proto.graph.node:  # the exporter notes source files and stack traces
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*proto.graph.input, *proto.graph.output]:
        del value.metadata_props[:]
    del proto.graph.metadata_props[:], proto.metadata_props[:], proto.graph.value_info[:]
    names = {"nif.inputs": json.dumps(data.names), "nif.outputs": json.dumps(data.classes)}
    onnx.helper.set_model_props(proto, names)
    onnx.checker.check_model(proto, full_check=True)
    whole: bytes = proto.SerializeToString(deterministic=True)
    return whole
