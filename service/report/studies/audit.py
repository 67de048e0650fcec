"""An audit on a page: the verdict, every rule with its reason, and the neurons and edges that decide."""

from collections.abc import Mapping
from typing import Any

from service.policies.formats.wording import headline, verdict
from service.report.studies.audit_figure import against_limits
from service.report.studies.section import Section, TableBlock
from service.report.text import at_least, interval, number, percent, shown

Json = Mapping[str, Any]


def section(document: Json) -> Section:
    """document: of `service.policies.Audit.document`."""
    rules = document["rules"]
    tables = [_rules(rules)]
    tables += [block for rule in rules if rule["found"] != "pass" for block in _deciding(rule)]
    said = [f"{headline(document)}."]
    if document["policy"].get("description"):
        said.append(document["policy"]["description"])
    said += [f"{shown(rule['id'])}: {rule['reason']}." for rule in rules if rule["verdict"] == "fail"]
    said += [f"{shown(rule['id'])}: {rule['reason']}." for rule in rules if rule["verdict"] == "cannot tell"]
    figure = against_limits(document)
    return Section("Audit", tuple(said), tuple(tables), () if figure is None else (figure,))


def _rules(rules: list[Json]) -> TableBlock:
    return TableBlock(
        caption="Rules of the policy",
        header=("Verdict", "Rule", "Kind", "Measured", "Limit", "Reason"),
        rows=tuple(
            (
                verdict(rule), shown(rule["id"]), rule["rule"], _amount(rule, rule["measured"]),
                _amount(rule, rule["limit"]), rule["reason"],
            )
            for rule in rules
        ),
    )  # fmt: skip


def _amount(rule: Json, value: float | None) -> str:
    if value is None:
        return ""
    if rule["unit"] == "share":
        return percent(value)
    if rule["unit"] in ("rows", "edges and neurons"):
        return f"{value:,.0f}"
    return number(value, threshold=rule["limit"])


def _deciding(rule: Json) -> list[TableBlock]:
    more = f" (and {rule['more']:,} more)" if rule["more"] else ""
    name = shown(rule["id"])
    found = []
    if rule["neurons"]:
        found.append(
            TableBlock(
                caption=f"Neurons that decide {name}{more}",
                header=("Layer", "Neuron", "Id", "Nats", "95 % interval", "q"),
                rows=tuple(
                    (shown(n["layer"]), shown(n["name"]), n["id"], *_measured(n)) for n in rule["neurons"]
                ),
            )
        )
    if rule["edges"]:
        found.append(
            TableBlock(
                caption=f"Edges that decide {name}{'' if rule['neurons'] else more}",
                header=("From", "To", "Nats", "95 % interval", "q", "nif", "Nats in the baseline"),
                rows=tuple(
                    (
                        f"{shown(e['source_name'])} ({e['source']})",
                        f"{shown(e['consumer_name'])} ({e['consumer']})",
                        *_measured(e), _number(e["nif"]), _number(e["baseline_mi"]),
                    )
                    for e in rule["edges"]
                ),
            )
        )  # fmt: skip
    return found


def _measured(of: Json) -> tuple[str, str, str]:
    if of["mi"] is None:
        return (of.get("silent") or "", "", "")
    ends = interval(of["ci_low"], of["ci_high"]) if None not in (of["ci_low"], of["ci_high"]) else ""
    return at_least(of["mi"], of["saturated"], of["lower_bound"]), ends, _number(of["q_value"])


def _number(value: float | None) -> str:
    return "" if value is None else number(value)
