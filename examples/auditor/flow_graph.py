"""A flow network in Neo4j as Python objects, by py2neo's OGM: a second client, which owes NIF nothing.

It reads what NIF wrote and never writes. Needs `pip install 'neural-information-flow[py2neo]'`, or py2neo
alone. Only what hangs on an `Analysis` is whole: start there.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from py2neo.ogm import Model, Property, RelatedFrom, RelatedTo, Repository


class Analysis(Model):
    """One run: a model on data, by an estimator."""

    __primarykey__ = "id"

    id = Property()
    estimator = Property()
    beta = Property()
    alpha = Property()
    modularity = Property()
    edges_measured = Property()
    edges_kept = Property()

    models = RelatedTo("TrainedModel", "OF_MODEL")
    datasets = RelatedTo("Dataset", "ON_DATA")
    layers = RelatedTo("Layer", "HAS_LAYER")
    probes = RelatedTo("Probe", "HAS_PROBE")

    def layers_in_order(self) -> "list[Layer]":
        return sorted(self.layers, key=lambda layer: layer.index)

    def neurons(self) -> "list[Neuron]":
        return [neuron for layer in self.layers_in_order() for neuron in layer.neurons_in_order()]

    def outputs(self) -> "list[Neuron]":
        return [
            n for layer in self.layers_in_order() if layer.kind == "output" for n in layer.neurons_in_order()
        ]


class TrainedModel(Model):
    """sha256: of the ONNX file."""

    __primarylabel__ = "Model"
    __primarykey__ = "sha256"

    sha256 = Property()
    analyses = RelatedFrom("Analysis", "OF_MODEL")


class Dataset(Model):
    """sha256: of the table's file."""

    __primarykey__ = "sha256"

    sha256 = Property()
    analyses = RelatedFrom("Analysis", "ON_DATA")


class Layer(Model):
    """kind: input, hidden or output."""

    index = Property()
    name = Property()
    kind = Property()
    level = Property()
    size = Property()

    neurons = RelatedTo("Neuron", "HAS_NEURON")

    def neurons_in_order(self) -> "list[Neuron]":
        return sorted(self.neurons, key=lambda neuron: neuron.index)


class Neuron(Model):
    """id: layer:index. Numbers that are not defined are None; information is in nats."""

    id = Property()
    layer = Property()
    layer_name = Property()
    index = Property()
    name = Property()
    mean = Property()
    sd = Property()
    zeros = Property()
    redundancy = Property()
    betweenness = Property()
    betweenness_weighted = Property()
    community = Property()
    silent = Property()
    in_flow = Property()
    out_flow = Property()

    flows_to = RelatedTo("Neuron", "FLOWS_TO")
    informed_by = RelatedFrom("Probe", "INFORMS")

    def edges(self) -> "Iterator[Edge]":
        """All measured pairs from this neuron; flow edges have nif > 0."""
        for consumer in self.flows_to:
            yield Edge(self, consumer, *(self.flows_to.get(consumer, key) for key in Edge.KEYS))


class Probe(Model):
    """A column of the data that is no input of the model."""

    name = Property()
    kind = Property()

    informs = RelatedTo("Neuron", "INFORMS")

    def about(self, neuron: Neuron) -> "Information":
        """What this probe and the neuron say about each other."""
        return Information(*(self.informs.get(neuron, key) for key in Information.KEYS))


@dataclass(frozen=True)
class Edge:
    """A measured pair, source to consumer."""

    KEYS = ("mi", "nif", "se", "ci_low", "ci_high", "p", "q")

    source: Neuron
    consumer: Neuron
    mi: float
    nif: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    q: float | None


@dataclass(frozen=True)
class Information:
    """Mutual information in nats, its 95 % interval, and the q-value of "there is none"."""

    KEYS = ("mi", "ci_low", "ci_high", "q", "lower_bound")

    mi: float
    ci_low: float | None
    ci_high: float | None
    q: float | None
    lower_bound: bool


def connect(env: Mapping[str, str] = os.environ) -> Repository:
    """The server of the settings that NIF itself reads: NIF_STORE, NIF_NEO4J_USER, and
    NIF_NEO4J_PASSWORD_FILE or NIF_NEO4J_PASSWORD."""
    password = env.get("NIF_NEO4J_PASSWORD") or Path(env["NIF_NEO4J_PASSWORD_FILE"]).read_text().strip()
    uri = env.get("NIF_STORE", "bolt://127.0.0.1:7687")
    return Repository(uri, auth=(env.get("NIF_NEO4J_USER", "neo4j"), password))
