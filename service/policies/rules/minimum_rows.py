"""minimum-rows: the analysis saw at least so many rows, or distinct rows."""

from dataclasses import dataclass
from typing import ClassVar

from service.policies.evidence import Evidence
from service.policies.fields import Count, Flag
from service.policies.finding import Finding, Unknown
from service.policies.rules.rule import Rule

MOST_ROWS = 10**9


@dataclass(frozen=True, kw_only=True)
class MinimumRows(Rule):
    """distinct: count a repeated row once."""

    min: int
    distinct: bool = False

    kind: ClassVar = "minimum-rows"
    summary: ClassVar = "The analysis saw at least `min` rows"
    options: ClassVar = {
        "min": Count(1, MOST_ROWS, required=True, metadata={"description": "Rows"}),
        "distinct": Flag(metadata={"description": "Count a repeated row once"}),
    }

    def judge(self, evidence: Evidence) -> Finding:
        rows = evidence.network.provenance.get("distinct_rows" if self.distinct else "rows")
        if not isinstance(rows, int) or isinstance(rows, bool):
            raise Unknown("the network does not say how many rows it was measured on")
        noun = "distinct rows" if self.distinct else "rows"
        return Finding(
            verdict="pass" if rows >= self.min else "fail",
            reason=f"{rows:,} {noun}, at least {self.min:,} are asked for",
            measured=float(rows),
            limit=float(self.min),
            unit="rows",
        )
