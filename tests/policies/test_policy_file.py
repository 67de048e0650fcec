"""A policy's file: read as it is written or refused with line and column, never as another rule."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from estimator.errors import InvalidParameter, LimitExceeded, NifError
from service.policies import Policy, read_policy
from service.policies.json_schema import FILE, json_schema, text
from service.policies.rules.kinds import RULES
from service.policies.yaml_text import MOST_BYTES

RULE = "version: 1\nrules:\n- rule: probe-information\n  probe: {probe}\n  max: {max}\n"


def refused(data: bytes) -> NifError:
    with pytest.raises(NifError) as caught:
        read_policy(data, "policy.yaml")
    return caught.value


@pytest.mark.parametrize("word", ["no", "Yes", "off", "y", "NO"])
def test_a_word_that_old_yaml_takes_for_a_truth_value_must_be_quoted(word: str) -> None:
    error = refused(RULE.format(probe=word, max=1).encode())
    assert "line 4, column 10" in error.detail
    assert error.errors[0].line == 4
    policy = read_policy(RULE.format(probe=f"'{word}'", max=1).encode())
    assert policy.probes == (word,)


@pytest.mark.parametrize("value", ["010", "12:30", "1_000", "0x10", "0o17", "0b11", "+0755", "190:20:30.15"])
def test_a_number_that_readers_take_for_different_ones_is_refused(value: str) -> None:
    assert "line 5, column 8" in refused(RULE.format(probe="sex", max=value).encode()).detail


@pytest.mark.parametrize(
    ("written", "read"), [("1e-2", 0.01), (".5", 0.5), ("2", 2.0), ("0.02", 0.02), ("1.", 1.0), ("0", 0.0)]
)
def test_a_number_is_the_one_that_is_written(written: str, read: float) -> None:
    [rule] = read_policy(RULE.format(probe="sex", max=written).encode()).rules
    assert rule.as_dict()["max"] == read


@pytest.mark.parametrize(
    "value",
    [".nan", ".inf", "-.inf", "-1", "1e999", "'0.1'", "true", "2026-01-01", "[1]", "{a: 1}", "0.1 nats"],
)
def test_what_is_no_amount_is_refused_at_its_place(value: str) -> None:
    error = refused(RULE.format(probe="sex", max=value).encode())
    assert "line 5, column 8" in error.detail
    assert "rules.0.max" in error.detail


def test_an_empty_value_is_refused_at_its_key() -> None:
    assert (
        "line 5, column 3: rules.0.max is empty" in refused(RULE.format(probe="sex", max="").encode()).detail
    )


@pytest.mark.parametrize("probe", ["1", "true", "1.5", "[sex]"])
def test_a_name_that_is_no_text_is_refused(probe: str) -> None:
    assert "must be text" in refused(RULE.format(probe=probe, max=1).encode()).detail


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "an empty policy is not a pass"),
        ("# nothing\n", "an empty policy is not a pass"),
        ("{}", "an empty policy is not a pass"),
        ("version: 1\nrules: []\n", "line 2, column 8: rules is empty"),
        ("version: 1\nrules:\n", "line 2, column 1: rules"),
        ("version: 1\n", "lacks `rules:`"),
        ("rules:\n- rule: minimum-rows\n  min: 1\n", "lacks `version:`"),
        ("version: 2\nrules:\n- rule: minimum-rows\n  min: 1\n", "version is 2; it must be 1"),
        ("- a\n", "must be a mapping"),
        ("version: 1\nrules:\n- rule: probe-infomation\n", "did you mean probe-information?"),
        ("version: 1\nrules:\n- rule: silent-share\n  mx: 0.2\n", "line 4, column 3: rules.0.mx is no field"),
        ("version: 1\nrules:\n- rule: silent-share\n  mx: 0.2\n", "did you mean max?"),
        ("version: 1\nrules:\n- rule: silent-share\n  max: 20\n", "number from 0 to 1"),
        ("version: 1\nrules:\n- rule: silent-share\n  max: 0.2\n  max: 0.9\n",
         "line 5, column 3: has the key max"),
        ("version: 1\nrules:\n- rule: silent-share\n\tmax: 0.2\n", "line 4, column 1"),
        ("version: 1\nrules:\n- silent-share\n", "a rule is a mapping"),
        ("version: 1\nrules:\n- max: 1\n", "lacks `rule:`"),
        ("version: 1\nrules:\n- rule: minimum-rows\n  min: 2.0\n", "must be a whole number"),
        ("version: 1\nrules:\n- {rule: minimum-rows, min: 1, id: a}\n- {rule: minimum-rows, min: 2, id: a}\n",
         "rule 1 has already"),
        ("version: 1\nrules:\n- rule: silent-share\n  max: 0.2\n  layers: outputz\n",
         "one of outputs, hidden"),
        ("version: 1\nrules:\n- rule: silent-share\n  max: 0.2\n  cannot_tell: maybe\n",
         "must be pass or fail"),
        ("a: &x [1]\nb: *x\n", "line 1, column 4: has an anchor"),
        ("a: !!python/object/apply:os.system [id]\n", "line 1, column 4: has a tag"),
        ("a: !custom 1\n", "has a tag"),
        ("%YAML 1.1\n---\na: 1\n", "has a directive"),
        ("a: 1\n---\nb: 1\n", "second document"),
        ("? [a]\n: 1\n", "a key that is no text"),
        ("<<: {a: 1}\nversion: 1\n", "rules"),
        ("[" * 50_000, "nested more than"),
        ("a: [\n", "no YAML"),
        ("a: \x00\n", "does not allow"),
        ('a: "\\ud800"\n', "surrogate"),
    ],
)  # fmt: skip
def test_a_faulty_policy_is_refused_with_its_place(data: str, says: str) -> None:
    error = refused(data.encode())
    assert isinstance(error, InvalidParameter)
    assert says in error.detail or any(says in place.detail for place in error.errors)


def test_every_fault_is_told_at_once() -> None:
    error = refused(b"version: 1\nrules:\n- rule: silent-share\n  mx: 1\n- rule: minimum-rows\n  min: no1\n")
    assert [place.line for place in error.errors] == [3, 4, 6]
    assert [place.field for place in error.errors] == [
        "policy.rules.0",
        "policy.rules.0.mx",
        "policy.rules.1.min",
    ]


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 64))]
    assert "anchor" in refused("\n".join(lines).encode()).detail


def test_a_file_above_the_limit_is_not_parsed() -> None:
    error = refused(b"#" * (MOST_BYTES + 1))
    assert isinstance(error, LimitExceeded)


def test_a_file_that_is_not_utf8_says_where() -> None:
    assert "byte 9" in refused(b"version: \xff\n").detail


EVERY_RULE = """
version: 1
name: all kinds
description: one of each
cannot_tell: fail
rules:
- {rule: probe-information, probe: sex, max: 0.02, layers: all, given_target: true, left_out: 0.01}
- {rule: probe-information, probe: race, max: 0.02, layers: [dense, out]}
- {rule: path-strength, source: zip, target: approve, max: 0.1, beta: 0.0}
- {rule: attribution-share, feature: zip, output: approve, max: 0.2}
- {rule: silent-share, max: 0.2, count: constant, layers: hidden}
- {rule: baseline-change, max: 0.05}
- {rule: estimators-agree, max: 0.05, statistic: mean, estimator: mine}
- {rule: minimum-rows, min: 500, distinct: true, id: rows, description: enough, cannot_tell: pass}
- {rule: saturated-not-decisive, paths: 3}
"""


def test_a_policy_survives_the_way_through_json() -> None:
    policy = read_policy(EVERY_RULE.encode(), "policy.yaml")
    again = Policy.from_dict(json.loads(json.dumps(policy.as_dict())))
    assert again.as_dict() == policy.as_dict()
    assert again.rules == policy.rules
    assert again.sha256 == policy.sha256
    assert [rule.id for rule in policy.rules][:2] == ["probe-information", "probe-information-2"]
    assert [rule.line for rule in policy.rules] == list(range(7, 16))
    assert policy.probes == ("sex", "race")
    assert policy.second_estimators == ("mine",)


def test_from_json_a_fault_has_the_path_of_its_field() -> None:
    with pytest.raises(InvalidParameter) as caught:
        Policy.from_dict({"version": 1, "rules": [{"rule": "silent-share", "max": "0.2"}]})
    assert caught.value.errors[0].field == "policy.rules.0.max"
    assert re.search("line", caught.value.detail) is None


def test_the_published_schema_is_that_of_the_code() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run python -m service.policies.json_schema"


def test_the_schema_takes_what_the_code_takes() -> None:
    policy = read_policy(EVERY_RULE.encode())
    check = jsonschema.Draft202012Validator(json_schema())
    check.check_schema(json_schema())
    check.validate(policy.as_dict())
    for change in ({"max": -1}, {"mx": 1}, {"probe": ""}, {"layers": "outputz"}, {"max": "1"}):
        rule = {"rule": "probe-information", "probe": "sex", "max": 1} | change
        with pytest.raises(jsonschema.ValidationError):
            check.validate({"version": 1, "rules": [rule]})
        with pytest.raises(InvalidParameter):
            Policy.from_dict({"version": 1, "rules": [rule]})


def test_the_examples_are_policies_that_the_schema_takes() -> None:
    check = jsonschema.Draft202012Validator(json_schema())
    files = sorted((Path(__file__).parents[2] / "examples").rglob("policy*.yaml"))
    assert files
    for file in files:
        check.validate(read_policy(file.read_bytes(), str(file)).as_dict())


def test_the_page_lists_every_kind_with_its_fields_and_its_example_is_a_policy() -> None:
    page = (Path(__file__).parents[2] / "docs/policies.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert [rule.id for rule in read_policy(example.encode()).rules][:2] == ["sex", "sex-within-income"]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]*) \|", page, flags=re.MULTILINE))
    written = {kind: set(re.findall(r"`([a-z_]+)`", rows.get(kind, ""))) for kind in RULES}
    assert written == {kind: set(rule.options) for kind, rule in RULES.items()}
