"""The page for people in a bundle: verdicts, what was judged, and how to check it. It loads nothing."""

import hashlib
from collections.abc import Mapping
from typing import Any

from service.report.csp import embedded_policy
from service.report.rendering import STYLE, template
from service.report.text import number, shown, visible

MOST_NEURONS = 8


def evidence_page(
    document: Mapping[str, Any],
    predicate: Mapping[str, Any],
    members: Mapping[str, bytes],
    hashes: tuple[str, str],
    key_id: str,
) -> str:
    """members: all others but the envelope. hashes: of model and data. key_id: of the key that signs."""
    entries = [
        ("sha256 of the model", hashes[0]),
        ("sha256 of the data", hashes[1]),
        ("policy", f"{shown(str(predicate['policy']['name']))}, sha256 {predicate['policy']['sha256']}"),
        ("rows", f"{predicate['rows']:,}" if predicate["rows"] is not None else "not recorded"),
        ("made at", predicate["made_at"]),
        ("device", str(predicate["device"])),
        ("seed", str(predicate["seed"])),
        ("versions", ", ".join(f"{name} {text}" for name, text in predicate["versions"].items())),
        (
            "data",
            f"in this bundle as {predicate['data_included']}"
            if predicate["data_included"]
            else "not in this bundle",
        ),
        ("signed with the key", key_id),
    ]
    return template("evidence.html.j2").render(
        policy=embedded_policy(),
        style=STYLE,
        title=shown(str(document["policy"].get("name") or "Audit"), 120),
        verdict=document["verdict"],
        rules=[_rule(rule) for rule in document["rules"]],
        entries=[(label, visible(value)) for label, value in entries],
        members=[
            (name, f"{len(data):,}", hashlib.sha256(data).hexdigest())
            for name, data in sorted(members.items())
        ],
    )


def _rule(rule: Mapping[str, Any]) -> dict[str, str]:
    neurons = [
        f"{shown(n['name'], 40)} ({n['id']})" + ("" if n["mi"] is None else f" {number(n['mi'])}")
        for n in rule["neurons"][:MOST_NEURONS]
    ]
    left = len(rule["neurons"]) - len(neurons) + rule["more"]
    return {
        "id": visible(rule["id"]),
        "verdict": rule["verdict"],
        "reason": visible(rule["reason"]),
        "description": visible(rule["description"] or ""),
        "neurons": ", ".join(neurons) + (f" and {left} more" if left > 0 and neurons else ""),
    }
