"""A table for a terminal: a line a rule with its reason, and below it what decides."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.policies.formats.wording import WORDS, deciding, headline, verdict
from service.report.text import shown, visible

MOST_LINES = 8


def render(document: Mapping[str, Any]) -> str:
    return "\n".join(visible(line) for line in _lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    width = max(len(shown(rule["id"], 40)) for rule in document["rules"])
    for rule in document["rules"]:
        yield f"{WORDS[rule['verdict']]:<11}  {shown(rule['id'], 40):<{width}}  {rule['reason']}"
        if rule["verdict"] != rule["found"]:
            yield f"{'':<11}  {'':<{width}}  {verdict(rule)}"
        if rule["found"] != "pass":
            lines = list(deciding(rule))
            for line in lines[:MOST_LINES]:
                yield f"{'':<11}  {'':<{width}}    {line}"
            if len(lines) > MOST_LINES:
                yield f"{'':<11}  {'':<{width}}    and {len(lines) - MOST_LINES} more; see --format json"
    yield headline(document)
