"""A section for a model card, with metadata as the Hugging Face hub reads it.

The front matter is YAML with `model-index` (https://github.com/huggingface/hub-docs, modelcard.md): a metric
for each rule that measured something. Its values are written as JSON, which every YAML reader reads alike.
"""

import json
from collections.abc import Mapping
from typing import Any

from service.report.text import number, shown, visible

Json = Mapping[str, Any]


def model_card(document: Json, name: str) -> str:
    """The front matter and the section in Markdown. document: an audit's. name: the model's."""
    lines = [
        "---",
        "library_name: onnx",
        'tags: ["onnx", "neural-information-flow", "audit"]',
        "model-index:",
        f"- name: {_yaml(name)}",
        "  results:",
        *_results(document),
        "---",
        "",
        "## Information flow audit",
        "",
        f"Verdict: **{document['verdict']}** by the policy {_cell(str(document['policy']['name']))}, "
        f"judged by NIF {document['versions'].get('neural-information-flow')} on "
        f"{document['network'].get('rows', 0):,} rows. Information is in nats, with 95 % intervals.",
        "",
        "| rule | verdict | measured | interval | limit | why |",
        "|---|---|---|---|---|---|",
        *(_row(rule) for rule in document["rules"]),
        "",
        f"Model sha256 `{document['network'].get('model_sha256')}`, data sha256 "
        f"`{document['network'].get('data_sha256')}`.",
    ]
    return "\n".join(lines) + "\n"


def _results(document: Json) -> list[str]:
    measured = [rule for rule in document["rules"] if rule["measured"] is not None]
    if not measured:
        return ["  []"]
    digest = str(document["network"].get("data_sha256"))
    metrics = [
        {
            "type": rule["rule"],
            "value": rule["measured"],
            "name": visible(rule["description"] or rule["id"]),
            "args": {"unit": rule["unit"], "low": rule["low"], "high": rule["high"], "limit": rule["limit"],
                     "verdict": rule["verdict"]},
        }
        for rule in measured
    ]  # fmt: skip
    return [
        "  - task: {type: tabular-classification}",
        f"    dataset: {{name: {_yaml('audit data')}, type: tabular, revision: {_yaml(digest)}}}",
        f"    metrics: {_yaml(metrics)}",
    ]


def _row(rule: Json) -> str:
    low, high = rule["low"], rule["high"]
    cells = [
        _cell(rule["id"]),
        rule["verdict"],
        "" if rule["measured"] is None else number(rule["measured"]),
        "" if low is None or high is None else f"{number(low)} to {number(high)}",
        "" if rule["limit"] is None else number(rule["limit"]),
        _cell(rule["reason"]),
    ]
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Text in one cell of a table: no markup, no link, no new line."""
    plain = shown(text, 300)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+!|~" else c for c in plain)


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
