"""Whatever a file or a JSON body holds, it is a policy or an error of ours; nothing else comes out."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from estimator.errors import NifError
from service.policies import Policy, read_policy
from service.policies.rules.kinds import RULES

WORDS = st.sampled_from(
    ["version: 1", "rules:", "- rule:", *RULES, "probe: sex", "max:", "0.1", ".nan", "no", "&a", "*a", "{",
     "}", "[", "]", "\n", "  ", "\t", "- ", ": ", "#", "'", '"', "|", ">", "---", "%", "1e999", "010"]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=20)
    | st.sampled_from(sorted(RULES))
)  # fmt: skip
FIELDS = sorted(
    {"rule", "id", "cannot_tell", "oops", *(name for rule in RULES.values() for name in rule.options)}
)
RULE = st.dictionaries(st.sampled_from(FIELDS), SCALARS | st.lists(SCALARS, max_size=3), max_size=6)


def a_policy_or_an_error(read: Any, given: Any) -> None:
    try:
        policy = read(given)
    except NifError as error:
        assert error.detail and all(place.detail for place in error.errors)
    else:
        assert policy.rules
        assert Policy.from_dict(json.loads(json.dumps(policy.as_dict()))).as_dict() == policy.as_dict()


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=25).map("".join))
def test_text_that_looks_like_a_policy(text: str) -> None:
    a_policy_or_an_error(read_policy, text.encode())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind(data: bytes) -> None:
    a_policy_or_an_error(read_policy, data)


@settings(max_examples=300, deadline=None)
@given(st.lists(RULE, max_size=4))
def test_rules_of_any_values(rules: list[dict[str, Any]]) -> None:
    a_policy_or_an_error(Policy.from_dict, {"version": 1, "rules": rules})


@settings(max_examples=100, deadline=None)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner)))
def test_json_of_any_shape(value: Any) -> None:
    a_policy_or_an_error(Policy.from_dict, value)
