"""What the formats say alike: numbers held against their limit, neurons and edges in a line each."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.report.text import at_least, count, interval, number, shown

Rule = Mapping[str, Any]
WORDS = {"pass": "PASS", "fail": "FAIL", "cannot tell": "CANNOT TELL"}


def headline(document: Mapping[str, Any]) -> str:
    """The verdict and how many rules say what."""
    counts = document["counts"]
    parts = [f"{counts['pass']} pass", f"{counts['fail']} fail"]
    if counts["cannot tell"]:
        parts.append(f"{counts['cannot tell']} cannot be told")
    total, name = count(len(document["rules"]), "rule"), shown(document["policy"]["name"])
    return f"{WORDS[document['verdict']]}: policy {name}, {total}: {', '.join(parts)}"


def verdict(rule: Rule) -> str:
    """The verdict; with what was found where the policy counts `cannot tell` as something else."""
    said: str = rule["verdict"]
    return said if said == rule["found"] else f"{said} (by the policy; found: {rule['found']})"


def deciding(rule: Rule) -> Iterator[str]:
    """The neurons and edges that decide, a line each; none begins with a name, which may be anything."""
    for neuron in rule["neurons"]:
        name = f"{shown(neuron['layer'], 30)}[{shown(neuron['name'], 40)}]"
        yield f"neuron {name} ({neuron['id']}){_told(neuron, rule)}"
    for edge in rule["edges"]:
        ends = " -> ".join(
            f"{shown(edge[f'{end}_name'], 40)} ({edge[end]})" for end in ("source", "consumer")
        )
        base = edge.get("baseline_mi")
        was = "" if base is None else f", in the baseline {number(base)}"
        yield f"edge {ends}{_told(edge, rule)}{was}"
    if rule["more"]:
        yield f"and {rule['more']:,} more"


def _told(of: Mapping[str, Any], rule: Rule) -> str:
    if of.get("mi") is None:
        silent = of.get("silent")
        return f": {silent}" if silent else ""
    limit = rule["limit"] if rule["unit"] == "nats" else None
    mi = at_least(of["mi"], of["saturated"], of["lower_bound"], threshold=limit)
    low, high = of["ci_low"], of["ci_high"]
    nif = f", nif {number(of['nif'])}" if of.get("nif") is not None else ""
    ends = f" ({interval(low, high)})" if low is not None and high is not None else ""
    return f": {mi} nats{ends}{nif}"


def record(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was judged: hashes, rows, estimator."""
    network = document["network"]
    rows = [("policy sha256", document["policy"]["sha256"])]
    for key, name in (
        ("model_sha256", "model sha256"), ("data_sha256", "data sha256"), ("rows", "rows"),
        ("target", "target"), ("estimator", "estimator"), ("seed", "seed"), ("beta", "beta"),
    ):  # fmt: skip
        if network.get(key) is not None:
            rows.append((name, shown(str(network[key]), 80)))
    if document["baseline"] is not None:
        rows += [
            (f"baseline {key.replace('_', ' ')}", shown(str(document["baseline"].get(key)), 80))
            for key in ("model_sha256", "data_sha256")
        ]
    return rows
