"""A policy: rules with an id each, as read from YAML or from JSON values, checked once, here."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from service.policies.faults import VERSION, faults_of, refused
from service.policies.rules.estimators_agree import EstimatorsAgree
from service.policies.rules.kinds import RULES
from service.policies.rules.rule import CannotTell, Rule
from service.policies.yaml_text import Marked, read_yaml


@dataclass(frozen=True)
class Policy:
    """rules: at least one, with unique ids. cannot_tell: for rules that say nothing of it themselves.

    file: the file's name, if it came from one.
    """

    name: str
    rules: tuple[Rule, ...]
    description: str | None = None
    cannot_tell: CannotTell | None = None
    file: str | None = None

    @property
    def probes(self) -> tuple[str, ...]:
        """Columns that an analysis must measure as probes, in the order of the rules."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.probes))

    @property
    def second_estimators(self) -> tuple[str | None, ...]:
        """The estimators that rules want the first one checked by; None for any."""
        return tuple(dict.fromkeys(r.estimator for r in self.rules if isinstance(r, EstimatorsAgree)))

    @property
    def sha256(self) -> str:
        """Of the policy's content, whatever file it came from."""
        text = json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, as a policy's file has them."""
        top = {"version": VERSION, "name": self.name}
        optional = {"description": self.description, "cannot_tell": self.cannot_tell}
        given = {key: value for key, value in optional.items() if value is not None}
        return top | given | {"rules": [rule.as_dict() for rule in self.rules]}

    @classmethod
    def from_dict(cls, values: Any) -> "Policy":
        """The inverse of `as_dict`. Raises InvalidParameter with the path of each fault."""
        return _policy(Marked(values, {}, {}), None)


def read_policy(text: bytes, name: str = "policy") -> Policy:
    """The policy in a YAML file. name: the file's, for messages.

    Raises InvalidParameter with line and column of each fault, LimitExceeded above 1 MiB.
    """
    return _policy(read_yaml(text, name), name)


def _policy(marked: Marked, file: str | None) -> Policy:
    values = marked.value
    if faults := faults_of(values):
        raise refused(faults, marked, file)
    return Policy(
        name=values.get("name") or (PurePath(file).name if file else "policy"),
        rules=tuple(_rules(values["rules"], marked)),
        description=values.get("description"),
        cannot_tell=values.get("cannot_tell"),
        file=file,
    )


def _rules(read: Sequence[dict[str, Any]], marked: Marked) -> Iterator[Rule]:
    """The rules with their ids; one without gets its kind, numbered where that is taken."""
    taken = {values["id"] for values in read if "id" in values}
    for position, values in enumerate(read):
        kind = RULES[values["rule"]]
        loaded = kind.schema()().load(values)
        del loaded["rule"]
        if "id" not in loaded:
            number = 1
            while (name := kind.kind if number == 1 else f"{kind.kind}-{number}") in taken:
                number += 1
            loaded["id"] = name
            taken.add(name)
        mark = marked.marks.get(("rules", position))
        yield kind(**loaded, line=None if mark is None else mark.line)
