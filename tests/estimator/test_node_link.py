"""The node-link form."""

import json
from dataclasses import replace

import networkx as nx
import numpy as np

from estimator.graph.describe import describe
from estimator.graph.node_link import node_link
from tests.networks import flow_network, probe, random_network


def test_networkx_reads_it_back_with_every_attribute() -> None:
    network = flow_network([2, 1], {(0, 1): [[0.6], [0.0]]}, beta=0.5, redundancy=[[0.2, 0.1], [0.0]])
    facts = describe(network)
    graph = nx.node_link_graph(node_link(network, facts), edges="links")
    assert graph.is_directed()
    assert list(graph) == ["0:0", "0:1", "1:0"]
    assert graph.nodes["0:0"] == {
        "layer": 0, "layer_name": "layer0", "index": 0, "name": "layer0.0", "kind": "input", "community": 0,
        "betweenness": 0.0, "betweenness_weighted": 0.0, "redundancy": 0.2, "mean": 0.5, "sd": 0.25,
        "zeros": 0.02, "silent": None,
    }  # fmt: skip
    assert graph.nodes["0:1"]["community"] is None
    assert graph.nodes["0:1"]["silent"] == "uninformative"
    assert graph.edges["0:0", "1:0"] == {
        "mi": 0.7, "nif": 0.7 - 0.5 * 0.2, "se": 0.7 * 0.1, "ci_low": 0.7 * 0.8, "ci_high": 0.7 * 1.2,
        "p_value": 0.0005, "q_value": 0.001, "saturated": False, "lower_bound": False, "method": "convex",
    }  # fmt: skip
    assert graph.edges["0:1", "1:0"]["nif"] == 0.0
    assert graph.graph["beta"] == 0.5
    assert graph.graph["alpha"] == 0.05
    assert graph.graph["unit"] == "nats"
    assert graph.graph["modularity"] == facts.modularity
    assert graph.graph["provenance"]["rows"] == 150
    assert [layer["kind"] for layer in graph.graph["layers"]] == ["input", "output"]


def test_all_measured_pairs_are_listed_in_order_of_source_and_target() -> None:
    network = random_network(3, layers=4)
    listed = [(link["source"], link["target"]) for link in node_link(network, describe(network))["links"]]
    assert len(listed) == network.edges_measured
    numbers = [[tuple(map(int, end.split(":"))) for end in pair] for pair in listed]
    assert numbers == sorted(numbers)


def test_what_is_not_defined_is_none_and_json_is_strict() -> None:
    network = flow_network([2, 2], {(0, 1): np.zeros((2, 2))})
    edges = replace(network.edges[0], se=np.full((2, 2), np.nan))
    network = replace(network, edges=(edges,), probes=(probe(network),))
    made = node_link(network, describe(network))
    json.dumps(made, allow_nan=False)
    assert {link["se"] for link in made["links"]} == {None}
    assert made["graph"]["modularity"] is None
    assert made["graph"]["probes"][0]["values"][1]["mi"] == network.probes[0].values[1].mi.tolist()
