"""An audit as an MLflow run shows it: metrics and tags."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from estimator.network import FlowNetwork
from service.report.text import visible

LONGEST_TAG = 500
_NOT_IN_A_NAME = re.compile(r"[^0-9A-Za-z_.\- /]")


def tags(document: Mapping[str, Any]) -> dict[str, str]:
    """The verdict, and what it is about."""
    network, policy = document["network"], document["policy"]
    named = {
        "nif.verdict": document["verdict"],
        "nif.policy": policy["name"],
        "nif.policy_sha256": policy["sha256"],
        "nif.model_sha256": network.get("model_sha256"),
        "nif.data_sha256": network.get("data_sha256"),
        "nif.estimator": network.get("estimator"),
        "nif.version": document["versions"].get("neural-information-flow"),
    }
    found = {key: visible(str(value))[:LONGEST_TAG] for key, value in named.items() if value is not None}
    return found | {
        f"nif.rule.{_name(rule['id'])}": f"{rule['verdict']}: {visible(rule['reason'])}"[:LONGEST_TAG]
        for rule in document["rules"]
    }


def metrics(document: Mapping[str, Any], network: FlowNetwork) -> dict[str, float]:
    """Numbers that are finite: rules by verdict, what each rule measured, probes at the outputs, in nats."""
    found = {f"nif.rules.{_name(verdict)}": float(n) for verdict, n in document["counts"].items()}
    found |= {"nif.edges": float(network.edges_kept), "nif.rows": float(network.provenance.get("rows", 0))}
    for rule in document["rules"]:
        if rule["measured"] is not None:
            found[f"nif.rule.{_name(rule['id'])}"] = float(rule["measured"])
    for name, mi, high in probes_at_outputs(network):
        found[f"nif.probe.{_name(name)}.output"] = mi
        found[f"nif.probe.{_name(name)}.output_high"] = high
    return {key: value for key, value in found.items() if math.isfinite(value)}


def probes_at_outputs(network: FlowNetwork) -> Iterator[tuple[str, float, float]]:
    """(probe, largest mi of an output with it, upper end of that one's interval)."""
    outputs = {layer.index for layer in network.layers if layer.kind == "output"}
    for probe in network.probes:
        values = [v for v in probe.values if v.layer in outputs and v.mi.size]
        if values:
            mi, high = max((float(v.mi[i]), float(v.ci_high[i])) for v in values for i in range(v.mi.size))
            yield probe.name, mi, high


def _name(text: str) -> str:
    return _NOT_IN_A_NAME.sub("_", text)[:100]
