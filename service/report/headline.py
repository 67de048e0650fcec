"""The answer in words, before any figure."""

from dataclasses import dataclass

import numpy as np

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.report.paths_table import PathLine
from service.report.text import count, number


@dataclass(frozen=True)
class Headline:
    """sentences: one finding each. figures: (number, what it counts)."""

    sentences: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]


def headline(network: FlowNetwork, facts: GraphFacts, strongest: PathLine | None) -> Headline:
    hidden = [layer for layer in network.layers if layer.kind == "hidden"]
    neurons = sum(layer.size for layer in hidden)
    silent = sum(state is not None for layer in hidden for state in network.silent[layer.index])
    communities = len({int(c) for layer in facts.community for c in layer if c >= 0})
    sentences = [_edges(network), *([_silent(silent, neurons)] if hidden else [])]
    if strongest:
        sentences.append(
            f"The strongest path is {' → '.join(strongest.names)} (product of nif {strongest.product})."
        )
    if facts.modularity is not None:
        sentences.append(
            f"The flow falls into {count(communities, 'community', 'communities')}"
            f" (modularity {number(facts.modularity)})."
        )
    rows = network.provenance.get("rows")
    figures = [
        (f"{rows:,}", "rows of data") if isinstance(rows, int) else None,
        (f"{len(network.layers):,}", "layer" if len(network.layers) == 1 else "layers"),
        (f"{network.neurons_total:,}", "neuron" if network.neurons_total == 1 else "neurons"),
        (f"{network.edges_kept:,}", f"flow edges, of {network.edges_measured:,} measured"),
        (f"{silent:,}", f"silent, of {neurons:,} hidden"),
        (f"{communities:,}", "community" if communities == 1 else "communities"),
    ]
    return Headline(tuple(sentences), tuple(f for f in figures if f))


def _edges(network: FlowNetwork) -> str:
    measured, kept = network.edges_measured, network.edges_kept
    if not measured:
        return "No edge was measured: the network has no two connected layers."
    carry = "carries" if kept == 1 else "carry"
    who = f"{kept:,}" if kept else "None"
    said = f"{who} of {count(measured, 'measured edge')} {carry} information of its own"
    said = said.replace("its own", "their own") if kept != 1 else said
    redundant = _significant(network) - kept
    if not redundant:
        return said + "."
    more = f"{redundant:,} more {'is' if redundant == 1 else 'are'} significant"
    return f"{said}; {more}, but redundant with neighbours at beta {network.beta!r}."


def _significant(network: FlowNetwork) -> int:
    return sum(int(np.count_nonzero(e.q_value <= network.alpha)) for e in network.edges)


def _silent(silent: int, neurons: int) -> str:
    who = f"{silent:,}" if silent else "None"
    are = "is" if silent == 1 else "are"
    return f"{who} of {count(neurons, 'hidden neuron')} {are} silent."
