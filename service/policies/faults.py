"""What is wrong with a policy: every fault at once, each at its place in the file or by its path."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from estimator.errors import InvalidParameter, Place
from service.policies.fields import Choice, Count, Text, seen
from service.policies.rules.kinds import RULES
from service.policies.yaml_text import Mark, Marked, Path
from service.report.text import shown

VERSION = 1
MOST_RULES = 1000
TOP: dict[str, Any] = {
    "version": Count(VERSION, VERSION, required=True, metadata={"description": "Of this format: 1"}),
    "name": Text(200, metadata={"description": "Default: the file's name"}),
    "description": Text(2_000, metadata={"description": "For people"}),
    "cannot_tell": Choice(
        "pass", "fail", metadata={"description": "What `cannot tell` counts as; default: neither"}
    ),
    "rules": ma.fields.List(ma.fields.Raw(), required=True),
}


@dataclass(frozen=True)
class Fault:
    """path: of the value. at_key: the key is at fault. empty: the value is not there."""

    path: Path
    says: str
    at_key: bool = False
    empty: bool = False


def faults_of(values: Any) -> list[Fault]:
    """All faults of a policy's plain values; none if it is sound."""
    if values is None or values == {}:
        return [Fault((), "is empty; an empty policy is not a pass: give it rules")]
    if not isinstance(values, Mapping):
        return [Fault((), f"is {seen(values)}; it must be a mapping with version and rules")]
    faults = list(_members(ma.Schema.from_dict(TOP, name="Policy")(), values, (), "a policy"))
    rules = values.get("rules")
    if not isinstance(rules, list):
        return faults
    if not rules:
        faults.append(Fault(("rules",), "is empty; a policy without rules is not a pass"))
    if len(rules) > MOST_RULES:
        return [*faults, Fault(("rules",), f"has {len(rules):,} rules; the limit is {MOST_RULES:,}")]
    for position, rule in enumerate(rules):
        faults += _rule_faults(rule, ("rules", position))
    return faults or list(_repeated(rules))


def refused(faults: Sequence[Fault], marked: Marked, file: str | None) -> InvalidParameter:
    places = [_place(fault, marked, file) for fault in faults]
    first = places[0].detail
    more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
    return InvalidParameter(first + more, errors=places)


def _place(fault: Fault, marked: Marked, file: str | None) -> Place:
    mark = _nearest_mark(fault, marked)
    path = ".".join(str(part) for part in fault.path)
    where = f"{shown(file)}, {mark}: " if file is not None and mark is not None else ""
    if not where and file is not None and not path:
        where = f"{shown(file)}: "
    named = shown(path, 120) if path else "the policy"
    return Place(
        f"{where}{named} {fault.says}",
        field=".".join(["policy", path]) if path else "policy",
        file=file,
        line=None if mark is None else mark.line,
    )


def _nearest_mark(fault: Fault, marked: Marked) -> Mark | None:
    if fault.path in marked.keys and (fault.at_key or fault.empty):
        return marked.keys[fault.path]
    return next(
        (
            marked.marks[fault.path[:end]]
            for end in range(len(fault.path), -1, -1)
            if fault.path[:end] in marked.marks
        ),
        None,
    )


def _rule_faults(rule: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(rule, Mapping):
        yield Fault(path, f"is {seen(rule)}; a rule is a mapping that begins with `rule:` and its kind")
        return
    kind = rule.get("rule")
    if "rule" not in rule:
        yield Fault(path, f"lacks `rule:`, its kind; the kinds are {', '.join(RULES)}")
    elif not isinstance(kind, str) or kind not in RULES:
        yield Fault((*path, "rule"), f"is {seen(kind)}, which is no kind of rule; {_hint(kind, RULES)}")
    else:
        yield from _members(RULES[kind].schema()(), rule, path, f"a rule of kind {kind}")


def _members(schema: ma.Schema, values: Mapping[Any, Any], path: Path, what: str) -> Iterator[Fault]:
    for key, messages in schema.validate(values).items():
        if key not in schema.fields:
            why = f"is no field of {what}; {_hint(key, schema.fields)}"
            yield Fault((*path, key), why, at_key=True)
            continue
        for message in messages if isinstance(messages, list) else [str(messages)]:
            if key not in values:
                yield Fault(path, f"lacks `{key}:`, which {what} must have")
            else:
                says = message[:1].lower() + message[1:].rstrip(".")
                yield Fault((*path, key), says, empty=values[key] is None)


def _hint(name: Any, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(str(name).replace("_", "-"), [k.replace("_", "-") for k in known], n=1)
    by_spelling = {k.replace("_", "-"): k for k in known}
    return f"did you mean {by_spelling[close[0]]}?" if close else f"there are {', '.join(known)}"


def _repeated(rules: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    met: dict[str, int] = {}
    for position, rule in enumerate(rules):
        if "id" not in rule:
            continue
        if rule["id"] in met:
            yield Fault(
                ("rules", position, "id"),
                f"is {shown(rule['id'])!r}, which rule {met[rule['id']] + 1} has already",
            )
        met.setdefault(rule["id"], position)
