"""NETWORK of a command: a network.json, the folder of one, or the id of a network in the store."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from estimator.errors import InvalidParameter, NotFound, Place
from estimator.network import (
    Edges,
    Floats,
    FlowNetwork,
    GivenTarget,
    Layer,
    NeuronFacts,
    Probe,
    ProbeLayer,
    Stratum,
    neuron_id,
)
from service.cli.input_files import usable_file
from service.cli.local_store import opened
from service.report.text import shown
from service.settings import load_settings
from service.stores.protocol import AnalysisNotStored

MOST_BYTES = 4 * 2**30
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read_network(argument: str, store: str | None, beta: float | None) -> FlowNetwork:
    """The network, read with `beta` or its own. Raises InvalidParameter or NotFound."""
    path = Path(argument)
    if path.is_dir() and (path / "network.json").exists():
        path = path / "network.json"
    if path.exists() or not _ID.fullmatch(argument):
        network = network_of_json(usable_file(str(path), "NETWORK", MOST_BYTES))
        return network if beta is None else network.at_beta(beta)
    with opened(store or load_settings().store) as graphs:
        try:
            return graphs.network(argument, beta)
        except AnalysisNotStored as error:
            raise NotFound(f"there is no file and no stored network {argument}") from error


def network_of_json(path: Path) -> FlowNetwork:
    """A network.json back. What it does not hold (histograms, ceilings) is empty or NaN.

    Raises InvalidParameter if the file is not one that nif wrote, or was changed into something else.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return _network(json.load(file))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        why = f"{type(error).__name__} {shown(str(error), 80)}"
        detail = f"{shown(str(path), 120)} is not a network.json of nif: {why}"
        raise InvalidParameter(detail, errors=[Place(detail, file=path.name)]) from error


def _network(read: dict[str, Any]) -> FlowNetwork:
    graph, nodes = read["graph"], read["nodes"]
    by_layer: list[list[dict[str, Any]]] = [[] for _ in graph["layers"]]
    for node in nodes:
        if node["id"] != neuron_id(node["layer"], len(by_layer[node["layer"]])):
            raise ValueError("nodes are not in order")
        by_layer[node["layer"]].append(node)
    layers = tuple(
        Layer(
            index=index,
            name=str(layer["name"]),
            kind=layer["kind"],
            level=int(layer["level"]),
            neurons=tuple(str(node["name"]) for node in by_layer[index]),
            operators=tuple(layer["operators"]),
            meaning=layer["meaning"],
        )
        for index, layer in enumerate(graph["layers"])
    )
    return FlowNetwork(
        layers=layers,
        edges=_edges(read["links"], layers),
        facts=tuple(_facts(members) for members in by_layer),
        redundancy=tuple(_column(members, "redundancy") for members in by_layer),
        beta=float(graph["beta"]),
        alpha=float(graph["alpha"]),
        probes=tuple(_probe(probe) for probe in graph["probes"]),
        provenance=dict(graph["provenance"]),
    )


def _probe(read: dict[str, Any]) -> Probe:
    if read["kind"] not in ("categorical", "numeric"):
        raise ValueError(f"a probe is {read['kind']!r}")
    return Probe(
        name=str(read["name"]),
        kind=read["kind"],
        levels=tuple((str(level), int(count)) for level, count in read["levels"]),
        values=tuple(_probe_layer(values) for values in read["values"]),
        given_target=_given_target(read.get("given_target")),
    )


def _given_target(read: dict[str, Any] | None) -> GivenTarget | None:
    if read is None:
        return None
    return GivenTarget(
        target=str(read["target"]),
        strata=tuple(Stratum(str(s["level"]), int(s["rows"]), bool(s["measured"])) for s in read["strata"]),
        values=tuple(_probe_layer(values) for values in read["values"]),
    )


def _probe_layer(read: dict[str, Any]) -> ProbeLayer:
    names = ("mi", "se", "ci_low", "ci_high", "p_value", "q_value")
    numbers = {
        name: np.array([np.nan if v is None else v for v in read[name]], dtype=np.float64) for name in names
    }
    return ProbeLayer(
        layer=int(read["layer"]),
        saturated=np.array(read["saturated"], dtype=np.bool_),
        lower_bound=np.array(read["lower_bound"], dtype=np.bool_),
        **numbers,
    )


def _edges(links: list[dict[str, Any]], layers: tuple[Layer, ...]) -> tuple[Edges, ...]:
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for link in links:
        source, target = (int(link[end].partition(":")[0]) for end in ("source", "target"))
        found.setdefault((source, target), []).append(link)
    edges = []
    for (source, target), members in sorted(found.items()):
        shape = layers[source].size, layers[target].size
        ends = [
            (neuron_id(source, i), neuron_id(target, j)) for i in range(shape[0]) for j in range(shape[1])
        ]
        if [(m["source"], m["target"]) for m in members] != ends:
            raise ValueError(f"links of layers {source} and {target} are not all there, in order")
        numbers = {
            name: _column(members, name).reshape(shape)
            for name in ("mi", "se", "ci_low", "ci_high", "p_value", "q_value")
        }
        flags = {
            name: np.array([m[name] for m in members], dtype=np.bool_).reshape(shape)
            for name in ("saturated", "lower_bound")
        }
        methods = np.array([m["method"] for m in members], dtype=np.str_).reshape(shape)
        edges.append(
            Edges(
                source,
                target,
                mi=numbers["mi"],
                se=numbers["se"],
                ci_low=numbers["ci_low"],
                ci_high=numbers["ci_high"],
                p_value=numbers["p_value"],
                q_value=numbers["q_value"],
                ceiling=np.full(shape, np.nan),
                saturated=flags["saturated"],
                lower_bound=flags["lower_bound"],
                method=methods,
            )
        )
    return tuple(edges)


def _facts(members: list[dict[str, Any]]) -> NeuronFacts:
    n = len(members)
    return NeuronFacts(
        mean=_column(members, "mean"),
        sd=_column(members, "sd"),
        zeros=_column(members, "zeros"),
        distinct=np.zeros(n, dtype=np.int64),
        histogram=np.zeros((n, 0), dtype=np.int64),
        histogram_edges=np.zeros((n, 1)),
        constant=np.array([m["silent"] == "constant" for m in members], dtype=np.bool_),
    )


def _column(members: list[dict[str, Any]], name: str) -> Floats:
    return np.array([np.nan if m[name] is None else m[name] for m in members], dtype=np.float64)
