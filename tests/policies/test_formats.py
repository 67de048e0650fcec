"""Every format is valid against its own schema, whatever the names hold, and says what the audit says."""

import json
import re
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pytest
from lxml import etree

from estimator.graph.xml_text import xml_untext
from estimator.network import FlowNetwork
from service.policies import Policy, judge
from service.policies.formats import FORMATS, render
from service.report.studies.audit import section
from tests.networks import flow_network
from tests.networks import probe as random_probe
from tests.policies.schemas import junit_xsd, sarif_schema

HOSTILE = (
    "\x00\x01\x1b]0;x\x07", "</script><img src=x onerror=alert(1)>", "]]>&amp;<a>", "a|b`c`\n::error::x",
    "[x](javascript:alert(1))", "@everyone #1 https://evil.example", "\ud800", "\u202egnp.exe",
    "::add-mask::x", "\ufffe", "x" * 5_000, "=1+1", "  ", "##[error]x",
)  # fmt: skip


def document(names: tuple[str, ...] = ("zip", "age", "h", "approve"), rules: int = 1) -> dict[str, Any]:
    network = flow_network([2, 1, 1], {(0, 1): [[0.5], [0.3]], (1, 2): [[0.4]]},
                           names=((names[0], names[1]), (names[2],), (names[3],)))  # fmt: skip
    network = replace(network, probes=(random_probe(network, names[0]),))
    policy = {
        "version": 1,
        "name": names[1][-200:],
        "rules": [
            {
                "rule": "probe-information",
                "probe": names[0],
                "max": 0.001,
                "layers": "all",
                "id": names[0][:200],
            },
            {"rule": "path-strength", "source": "0:0", "target": "2:0", "max": 0.2},
            {"rule": "estimators-agree", "max": 0.1, "description": names[2][:2000]},
            *({"rule": "minimum-rows", "min": 1} for _ in range(rules)),
        ],
    }
    judged = judge(replace(Policy.from_dict(policy), file="ci/my policy.yaml"), network)
    return judged.document()


def all_documents() -> list[dict[str, Any]]:
    found = [document()]
    found += [document((name, name + "1", name + "2", name + "3")) for name in HOSTILE]
    return found


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    return all_documents()


def test_junit_is_valid_and_has_a_case_a_rule(documents: list[dict[str, Any]]) -> None:
    schema = etree.XMLSchema(etree.fromstring(junit_xsd()))
    for one in documents:
        tree = etree.fromstring(render("junit", one).encode())
        schema.assertValid(tree)
        cases = tree.findall(".//testcase")
        assert [xml_untext(case.get("name") or "") for case in cases] == [rule["id"] for rule in one["rules"]]
        assert [case.find("failure") is not None for case in cases] == [
            rule["verdict"] == "fail" for rule in one["rules"]
        ]
        assert tree[0].get("errors") == str(len(tree.findall(".//error"))) == "2"


def test_sarif_is_valid_and_points_into_the_policy(documents: list[dict[str, Any]]) -> None:
    check = jsonschema.Draft4Validator(sarif_schema(), format_checker=jsonschema.FormatChecker())
    for one in documents:
        log = json.loads(render("sarif", one))
        check.validate(log)
        [run] = log["runs"]
        words = {"fail": "fail", "cannot tell": "open"}
        kinds = [result["kind"] for result in run["results"]]
        assert kinds == [words[r["verdict"]] for r in one["rules"] if r["verdict"] in words]
        for result in run["results"]:
            place = result["locations"][0]["physicalLocation"]
            assert place["artifactLocation"]["uri"] == "ci/my%20policy.yaml"
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_json_is_the_document_and_holds_no_nan(documents: list[dict[str, Any]]) -> None:
    for one in documents:
        assert json.loads(render("json", one)) == one


def test_markdown_has_one_line_a_rule_and_no_markup_of_a_name(documents: list[dict[str, Any]]) -> None:
    for one in documents:
        said = render("markdown", one)
        table = [line for line in said.splitlines() if line.startswith("| ")][1:]
        assert len(table) == len(one["rules"])
        assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in table)
        for line in said.splitlines():
            assert not re.match(r"\s*(::|##\[)", line)
        body = said.replace("<details><summary>What was judged</summary>", "").replace("</details>", "")
        assert not re.search(r"(?<!\\)[<`\[](?!!-- -->)", body)
        assert not re.search(r"@(?!<!-- -->)", body)


@pytest.mark.parametrize("name", ["terminal", "markdown", "junit"])
def test_no_line_of_a_log_begins_with_a_workflow_command(name: str, documents: list[dict[str, Any]]) -> None:
    for one in documents:
        assert not re.search(r"^\s*(::|##\[)", render(name, one), flags=re.MULTILINE)


def test_the_terminal_gets_no_control_character(documents: list[dict[str, Any]]) -> None:
    for one in documents:
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", render("terminal", one))


def test_the_page_shows_names_as_text_and_has_no_script(documents: list[dict[str, Any]]) -> None:
    from lxml import html

    for one in documents:
        tree = html.document_fromstring(render("html", one))
        assert not tree.xpath("//script | //img | //iframe | //a | //object")
        assert "default-src 'none'" in tree.xpath("//meta[@http-equiv]/@content")[0]
        assert len(tree.xpath("//table")[0].xpath(".//tbody/tr")) == len(one["rules"])


def test_ten_thousand_results_are_written(documents: list[dict[str, Any]]) -> None:
    one = document()
    many = one | {"rules": [one["rules"][0] | {"id": f"r{i}"} for i in range(10_000)]}
    etree.XMLSchema(etree.fromstring(junit_xsd())).assertValid(
        etree.fromstring(render("junit", many).encode())
    )
    assert len(json.loads(render("sarif", many))["runs"][0]["results"]) == 10_000


def test_equal_audits_are_equal_bytes() -> None:
    for name in FORMATS:
        assert render(name, document()) == render(name, document())


def test_the_section_names_the_verdict_first() -> None:
    found = section(document())
    assert found.sentences[0].startswith("FAIL: policy age, 4 rules")
    assert any("zip" in cell for table in found.tables for row in table.rows for cell in row)


def test_the_picture_holds_each_deciding_neuron_against_its_limit(documents: list[dict[str, Any]]) -> None:
    for one in documents:
        [figure] = section(one).figures
        json.dumps(figure.figure, allow_nan=False)
        points, limit = figure.figure["data"]
        neurons = one["rules"][0]["neurons"]
        assert points["name"] == "fail"
        assert points["x"] == [neuron["mi"] for neuron in neurons]
        assert set(limit["x"]) == {0.001} and limit["y"] == points["y"]
        assert "<" not in "".join(points["y"])
    assert section(document() | {"rules": [documents[0]["rules"][1]]}).figures == ()


def test_a_rounded_number_does_not_contradict_its_verdict() -> None:
    network: FlowNetwork = flow_network([1, 1], {(0, 1): [[0.1]]})
    made = random_probe(network, "sex")
    close = replace(
        made.values[1], mi=np.array([0.0200004]), ci_low=np.array([0.0200003]), ci_high=np.array([0.0200005])
    )
    network = replace(network, probes=(replace(made, values=(made.values[0], close)),))
    rule = {"rule": "probe-information", "probe": "sex", "max": 0.02}
    said = render("terminal", judge(Policy.from_dict({"version": 1, "rules": [rule]}), network).document())
    assert "FAIL" in said and "0.0200004 nats" in said
