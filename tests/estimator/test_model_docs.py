"""docs/models.md says what the tables in the code say."""

import re
from pathlib import Path

from estimator.model.limits import ModelLimits
from estimator.model.operators import OPERATORS

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
FAMILIES = {
    "ReduceMax and its kin": (
        "ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSum ReduceSumSquare ReduceLogSumExp"
    ),
    "trigonometric functions": "Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh",
    "pools": "MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool",
    "comparisons": "Greater Less GreaterOrEqual LessOrEqual IsNaN IsInf Not And Or",
}


def test_every_operator_of_the_table_is_in_the_docs() -> None:
    table = PAGE.split("## Operators")[1].split("Operator sets")[0]
    listed = set(re.findall(r"\w+", table))
    for words, family in FAMILIES.items():
        assert words in table
        listed |= set(family.split())
    assert {name.rpartition(".")[2] for name in OPERATORS} <= listed


def test_the_limits_in_the_docs_are_those_of_the_code() -> None:
    limits = ModelLimits()
    said = PAGE.split("Limits (")[1].split("\n")[0]
    assert f"{limits.bytes // 2**20} MiB" in said
    assert limits.elements == 2**28
    for number in (limits.depth, limits.fields, limits.nodes, limits.name_length, limits.neurons,
                   limits.layers, limits.pairs):  # fmt: skip
        assert f"{number:,}" in said
