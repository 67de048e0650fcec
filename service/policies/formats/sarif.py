"""SARIF 2.1.0 (OASIS): a result for every rule that does not pass, placed at its line of the policy's file.

A rule that fails is of kind `fail`, level `error`; one that cannot be told is of kind `open`, "insufficient
information to decide whether a problem exists" (section 3.27.9). Rules that pass are listed with the others
under the tool, without a result, since code scanning shows every result as an alert.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from service.policies.formats.wording import deciding, headline
from service.report.text import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
KINDS = {"fail": ("fail", "error"), "cannot tell": ("open", "none")}
EXITS = {"pass": 0, "fail": 1, "cannot tell": 2}


def render(document: Mapping[str, Any]) -> str:
    file = document["policy"].get("file")
    rules = document["rules"]
    results = [
        _result(rule, position, document["policy"]["sha256"], file)
        for position, rule in enumerate(rules)
        if rule["verdict"] in KINDS
    ]
    run = {
        "tool": {
            "driver": {
                "name": "nif",
                "fullName": "Neural Information Flow",
                "version": document["versions"]["neural-information-flow"],
                "rules": [_descriptor(rule) for rule in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "exitCode": EXITS[document["verdict"]],
                "exitCodeDescription": headline(document),
            }
        ],
        "results": results,
        "properties": {name: document[name] for name in ("verdict", "counts", "network", "baseline")},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _descriptor(rule: Mapping[str, Any]) -> dict[str, Any]:
    text = visible(rule["description"] or f"{rule['id']}: a rule of kind {rule['rule']}")
    return {
        "id": visible(rule["id"]),
        "shortDescription": {"text": text},
        "properties": {"kind": rule["rule"], "verdict": rule["verdict"]},
    }


def _result(rule: Mapping[str, Any], position: int, policy: str, file: str | None) -> dict[str, Any]:
    kind, level = KINDS[rule["verdict"]]
    lines = [rule["reason"], *deciding(rule)]
    location: dict[str, Any] = {}
    if file is not None:
        region = {"startLine": rule["line"] or 1}
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(file)}, "region": region}
    places = [
        {
            "name": visible(n["name"]),
            "fullyQualifiedName": f"{visible(n['layer'])}/{n['id']}",
            "kind": "neuron",
        }
        for n in rule["neurons"]
    ]
    if places:
        location["logicalLocations"] = places
    fingerprint = hashlib.sha256(f"{policy}\0{rule['id']}".encode("utf-8", "surrogatepass")).hexdigest()
    numbers = {name: rule[name] for name in ("measured", "low", "high", "limit", "unit", "neurons", "edges")}
    return {
        "ruleId": visible(rule["id"]),
        "ruleIndex": position,
        "kind": kind,
        "level": level,
        "message": {"text": "\n".join(lines)},
        "partialFingerprints": {"policyRule/v1": fingerprint},
        "properties": numbers,
    } | ({"locations": [location]} if location else {})


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix().encode("utf-8", "surrogateescape"))
