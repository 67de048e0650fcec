"""estimators-agree: a second estimator says the same of the edges it was tried on, within so many nats.

Where they disagree the numbers cannot be trusted, and which of the two is right is not known: that is
`cannot tell`, never a pass. A policy that wants it to fail says `cannot_tell: fail` in the rule.
"""

import math
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import numpy as np

from estimator.network import FlowNetwork
from estimator.options import ESTIMATORS
from service.policies.evidence import Evidence
from service.policies.fields import Amount, Choice
from service.policies.finding import MOST_NAMED, Edge, Finding, Unknown, edge
from service.policies.rules.rule import Rule
from service.report.text import number


@dataclass(frozen=True, kw_only=True)
class EstimatorsAgree(Rule):
    """max: nats. statistic: of the absolute differences. estimator: the second one, None for any."""

    max: float
    statistic: str = "largest"
    estimator: str | None = None

    kind: ClassVar = "estimators-agree"
    summary: ClassVar = "Two estimators agree within `max` nats on the edges that both measured"
    options: ClassVar = {
        "max": Amount(0, None, required=True, metadata={"description": "Nats"}),
        "statistic": Choice("largest", "mean", metadata={"description": "Of the absolute differences"}),
        "estimator": Choice(
            *ESTIMATORS,
            metadata={"description": "The second one; default: any, and ksg where one is to be run"},
        ),
    }

    def judge(self, evidence: Evidence) -> Finding:
        network = evidence.network
        first, report = network.provenance.get("estimator"), network.provenance.get("cross_check")
        if not isinstance(report, dict) or not report.get("pairs"):
            raise Unknown("the analysis has no cross-check of its estimator; analyse it with --cross-check")
        if self.estimator not in (None, first, report.get("estimator")):
            raise Unknown(f"the analysis was checked by {report.get('estimator')}, not by {self.estimator}")
        name = "largest_absolute_difference" if self.statistic == "largest" else "mean_absolute_difference"
        found = float(report.get(name, math.nan))
        if not math.isfinite(found):
            raise Unknown("the cross-check of the analysis says no difference")
        on = f"on {report['pairs']:,} edges"
        said = (
            f"{first} and {report['estimator']} differ by {number(found, threshold=self.max)} nats "
            f"({self.statistic}) {on}"
        )
        disagree = f", more than {self.max:.12g}: which of them is right is not known"
        agree = found <= self.max
        edges, more = ((), 0) if agree else _refined(network)
        return Finding(
            verdict="pass" if agree else "cannot tell",
            reason=said if agree else said + disagree,
            measured=found,
            limit=self.max,
            unit="nats",
            edges=edges,
            more=more,
        )


def _refined(network: FlowNetwork) -> tuple[tuple[Edge, ...], int]:
    """The edges of which the second estimator said clearly more: the first ones, and how many others."""
    first = network.provenance.get("estimator")
    places = ((e, int(i), int(k)) for e in network.edges for i, k in np.argwhere(e.method != first))
    named = tuple(edge(network, *place) for place in islice(places, MOST_NAMED))
    return named, sum(1 for _ in places)
