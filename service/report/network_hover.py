"""What the network figure says of a neuron or an edge under the pointer."""

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork, neuron_id
from service.report.measured_edges import MeasuredEdge
from service.report.names import NeuronNames
from service.report.text import at_least, interval, number, percent, plotly_text


def neuron_hover(network: FlowNetwork, facts: GraphFacts, names: NeuronNames, layer: int, i: int) -> str:
    """What is said of a neuron under the pointer, in plotly's markup; every name in it is escaped."""
    did = network.facts[layer]
    community = int(facts.community[layer][i])
    silent = network.silent[layer][i]
    lines = [
        f"<b>{plotly_text(names.of(layer, i))}</b>",
        f"neuron {neuron_id(layer, i)} of {plotly_text(names.layer(layer))}",
        f"silent: {silent}" if silent else f"community {community}" if community >= 0 else "no flow edge",
        f"betweenness {number(float(facts.betweenness[layer][i]))}"
        f", weighted {number(float(facts.betweenness_weighted[layer][i]))}",
        f"mean {number(float(did.mean[i]))}, sd {number(float(did.sd[i]))}"
        f", zeros {percent(float(did.zeros[i]))}",
        f"redundancy {number(float(network.redundancy[layer][i]))} nats",
    ]
    return "<br>".join(lines)


def edge_hover(e: MeasuredEdge, network: FlowNetwork, names: NeuronNames) -> str:
    """What is said of an edge under the pointer."""
    lines = [
        f"<b>{plotly_text(names.of(*e.source))}</b> →",
        f"<b>{plotly_text(names.of(*e.consumer))}</b>",
        f"nif {number(e.nif)} nats",
        f"mi {at_least(e.mi, e.saturated, e.lower_bound)} nats"
        f", 95 % interval {interval(e.ci_low, e.ci_high)}",
        f"q {number(e.q_value, threshold=network.alpha)} (alpha {network.alpha!r})",
    ]
    if e.saturated:
        lines.append("saturated: near the most these rows can show")
    return "<br>".join(lines)
