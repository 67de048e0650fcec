"""JUnit XML as Jenkins, GitLab and GitHub's reporters read it: a test case a rule.

A rule that fails is a failure, one that cannot be told an error; what passes says why in system-out. Times
are left out: the audit of the same files is the same bytes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from estimator.graph.xml_text import xml_text
from service.policies.formats.wording import deciding, headline, record, verdict

ELEMENTS = {"fail": "failure", "cannot tell": "error"}


def render(document: Mapping[str, Any]) -> str:
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    counts, name = document["counts"], document["policy"]["name"]
    totals = _attributes(
        name=name, tests=len(document["rules"]), failures=counts["fail"], errors=counts["cannot tell"]
    )
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites{totals}>"
    yield f"<testsuite{totals}>"
    yield "<properties>"
    for key, value in record(document):
        yield f"<property{_attributes(name=key, value=value)}/>"
    yield "</properties>"
    for rule in document["rules"]:
        yield from _case(rule, name)
    yield f"<system-out>{xml_text(headline(document))}</system-out>"
    yield "</testsuite>"
    yield "</testsuites>"


def _case(rule: Mapping[str, Any], policy: str) -> Iterator[str]:
    attributes = _attributes(name=rule["id"], classname=f"{policy}.{rule['rule']}")
    yield f"<testcase{attributes}>"
    element = ELEMENTS.get(rule["verdict"])
    text = "\n".join([verdict(rule), rule["reason"], *deciding(rule)])
    if element is None:
        yield f"<system-out>{_content(text)}</system-out>"
    else:
        attributes = _attributes(message=rule["reason"], type=rule["rule"])
        yield f"<{element}{attributes}>{_content(text)}</{element}>"
    yield "</testcase>"


def _content(text: str) -> str:
    return xml_text(text).replace("&#10;", "\n")


def _attributes(**values: object) -> str:
    return "".join(f' {name}="{xml_text(str(value))}"' for name, value in values.items())
