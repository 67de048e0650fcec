"""Markdown for a pull request's comment: one table, and below it what decides.

Text that came from files is data: each character that Markdown could read as markup is escaped, and a mention
or reference (@name, #1) is broken by an empty comment.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.policies.formats.wording import deciding, headline, record, verdict
from service.report.text import visible

MARKS = {"pass": "✅", "fail": "❌", "cannot tell": "❔"}
_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")
_REFERENCE = re.compile(r"\\[@#]")


def render(document: Mapping[str, Any]) -> str:
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {MARKS[document['verdict']]} {_text(headline(document))}"
    yield ""
    yield "| | rule | verdict | reason |"
    yield "|---|---|---|---|"
    for rule in document["rules"]:
        cells = (MARKS[rule["verdict"]], _text(rule["id"]), _text(verdict(rule)), _text(rule["reason"]))
        yield f"| {' | '.join(cells)} |"
    for rule in document["rules"]:
        lines = list(deciding(rule)) if rule["found"] != "pass" else []
        if lines:
            yield ""
            yield f"**{_text(rule['id'])}**"
            yield ""
            yield from (f"- {_text(line)}" for line in lines)
    yield ""
    yield "<details><summary>What was judged</summary>"
    yield ""
    yield from (f"- {_text(key)}: {_text(value)}" for key, value in record(document))
    yield ""
    yield "</details>"


def _text(text: str) -> str:
    """The text and nothing else, on one line, whatever it holds."""
    escaped = _MARKUP.sub(lambda match: f"\\{match[0]}", visible(text))
    return _REFERENCE.sub(lambda match: f"{match[0]}<!-- -->", escaped)
